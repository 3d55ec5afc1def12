import { isDeepStrictEqual } from 'node:util';
import { isNotFound, isUnauthorized } from '../../kube/api-error.ts';
import { Backoff } from '../../kube/backoff.ts';
import { KubeClient } from '../../kube/client.ts';
import { sleep } from '../../kube/sleep.ts';
import { accessWithToken } from '../../kube/token-access.ts';
import type { Logger } from '../../reconcile/logger.ts';
import type { DialNote } from './dial-note.ts';
import { type Applicant, join, renew } from './join.ts';
import { classifyJoinFailure, type JoinFailure } from './join-failure.ts';
import {
  isSameMembership,
  nextCredentialStep,
  type ParentCredential,
  type Trust,
} from './parent-credential.ts';
import { readCredential, writeCredential } from './parent-secret.ts';
import {
  type RegistrationSettings,
  readRegistrationSettings,
  requireSettings,
} from './registration-settings.ts';

export interface MembershipOptions extends Applicant {
  /** The cluster the agent runs in. */
  readonly child: KubeClient;
  /** Settings from flags; they win over those of the registration Secret. */
  readonly flags: RegistrationSettings;
  readonly note: DialNote;
  readonly logger: Logger;
}

/** The agent's place in its parent while server, CA, namespace and name stay the same; the token is always the present one. */
export interface ParentSession {
  readonly clusterId: string;
  readonly server: URL;
  /** PEM; empty means the certificates this machine trusts. */
  readonly caBundle: string;
  readonly namespace: string;
  readonly managedClusterName: string;
  token(): string;
  /** Tells that the parent no longer accepts the token, so that a new one is asked for at once. */
  tokenRefused(): void;
}

/** What a session does; must end soon after its signal aborts. */
export type Serve = (session: ParentSession, signal: AbortSignal) => Promise<void>;

/** How often the registration Secret is looked at when only a change of it can help. */
const settingsPollMs = 2_000;

/**
 * Joins the parent, keeps the credential fresh and runs `serve` for as long as the agent is a member, until the
 * signal aborts. Whatever fails is noted and tried again; only a failure of `serve` is thrown.
 */
export async function keepMembership(
  options: MembershipOptions,
  serve: Serve,
  signal: AbortSignal,
): Promise<void> {
  const failed = new AbortController();
  const membership = new Membership(
    options,
    serve,
    AbortSignal.any([signal, failed.signal]),
    failed,
  );
  await membership.run();
  if (failed.signal.aborted) throw failed.signal.reason;
}

class Membership {
  readonly #options: MembershipOptions;
  readonly #serve: Serve;
  readonly #signal: AbortSignal;
  readonly #failed: AbortController;
  readonly #backoff = new Backoff({ initialMs: 500, maxMs: 30_000 });
  #credential: ParentCredential | undefined;
  #trust: Trust = 'good';
  #wake = new AbortController();
  #session: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;

  constructor(
    options: MembershipOptions,
    serve: Serve,
    signal: AbortSignal,
    failed: AbortController,
  ) {
    this.#options = options;
    this.#serve = serve;
    this.#signal = signal;
    this.#failed = failed;
  }

  async run(): Promise<void> {
    const { child } = this.#options;
    let settings: RegistrationSettings = {};
    while (!this.#signal.aborted) {
      try {
        settings = await readRegistrationSettings(child, this.#options.flags, this.#signal);
        this.#credential ??= await readCredential(child, this.#signal);
        await this.#advance(settings);
        this.#backoff.reset();
      } catch (error) {
        if (!this.#signal.aborted) await this.#recover(error, settings);
      }
    }
    await this.#session?.done;
  }

  async #advance(settings: RegistrationSettings): Promise<void> {
    this.#wake = new AbortController();
    const { parentURL = this.#credential?.server ?? '' } = settings;
    const next = nextCredentialStep(this.#credential, parentURL, this.#trust, new Date());
    if (next.step === 'join') return this.#join(settings);
    await this.#present();
    if (next.step === 'renew') return this.#renew();
    await pause(next.ms, AbortSignal.any([this.#signal, this.#wake.signal]));
  }

  async #join(settings: RegistrationSettings): Promise<void> {
    const { parentURL, token, caBundle } = requireSettings(settings);
    const credential = await this.#asking(parentURL, caBundle, token, join);
    this.#options.logger.info({ namespace: credential.namespace }, 'joined the parent');
    await this.#take(credential);
  }

  async #renew(): Promise<void> {
    const { server = '', caBundle, token = '' } = this.#credential ?? {};
    try {
      await this.#take(await this.#asking(server, caBundle, token, renew));
    } catch (error) {
      // Not known any more, by token or by name: only joining anew helps.
      if (!isUnauthorized(error) && !isNotFound(error)) throw error;
      this.#trust = 'refused';
    }
  }

  /** Asks the parent for a credential with the token given. */
  async #asking(
    server: string,
    caBundle: string | undefined,
    token: string,
    ask: typeof join,
  ): Promise<ParentCredential> {
    const access = accessWithToken({ server, caBundle: caBundle || undefined, token });
    try {
      const parent = new KubeClient(access, { userAgent: 'clusternet-agent' });
      return await ask(parent, this.#options, this.#signal);
    } finally {
      await access.close();
    }
  }

  async #take(credential: ParentCredential): Promise<void> {
    const { child, clusterId, note } = this.#options;
    const moved = !isSameMembership(this.#credential, credential);
    this.#credential = credential;
    this.#trust = 'good';
    if (moved) await this.#leave();
    await writeCredential(child, clusterId, credential, this.#signal);
    note.succeeded(this.#signal);
    await this.#present();
  }

  /** Makes sure a session runs. */
  async #present(): Promise<void> {
    const credential = this.#credential;
    if (this.#session !== undefined || credential === undefined) return;
    const stop = new AbortController();
    const signal = AbortSignal.any([this.#signal, stop.signal]);
    const session: ParentSession = {
      clusterId: this.#options.clusterId,
      server: new URL(credential.server),
      caBundle: credential.caBundle,
      namespace: credential.namespace,
      managedClusterName: credential.managedClusterName,
      token: () => this.#credential?.token ?? '',
      tokenRefused: () => this.#tokenRefused(),
    };
    const done = this.#serve(session, signal).catch((error: unknown) => {
      if (!signal.aborted) this.#failed.abort(error);
    });
    this.#session = { stop, done };
  }

  async #leave(): Promise<void> {
    this.#session?.stop.abort();
    await this.#session?.done;
    this.#session = undefined;
  }

  #tokenRefused(): void {
    if (this.#trust !== 'good') return;
    this.#trust = 'doubted';
    this.#wake.abort();
  }

  async #recover(error: unknown, settings: RegistrationSettings): Promise<void> {
    const { parentURL = this.#credential?.server ?? 'the parent' } = settings;
    const failure = classifyJoinFailure(error, parentURL);
    this.#options.logger.warn({ reason: failure.reason }, failure.message);
    this.#options.note.failed(failure, this.#signal);
    // The parent may have been wrong about the token; ask with it again before the next try to join.
    if (this.#trust === 'refused') this.#trust = 'doubted';
    if (isHopelessAsItIs(failure)) await this.#untilSettingsChange(settings, failure);
    else await pause(this.#backoff.next(), this.#signal);
  }

  async #untilSettingsChange(settings: RegistrationSettings, failure: JoinFailure): Promise<void> {
    const { child, flags, note } = this.#options;
    for (;;) {
      await pause(settingsPollMs, this.#signal);
      if (this.#signal.aborted) return;
      const present = await readRegistrationSettings(child, flags, this.#signal).catch(
        () => settings,
      );
      if (!isDeepStrictEqual(present, settings)) return;
      // Settings may come a moment after the agent; when they do not, somebody should know.
      note.failed(failure, this.#signal);
    }
  }
}

/** Asking the parent again would only repeat the answer; missing settings are looked for where they will turn up. */
function isHopelessAsItIs(failure: JoinFailure): boolean {
  return failure.final || failure.reason === 'NoParent';
}

/** Waits, but no longer than until the signal aborts. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(Math.min(ms, 2 ** 31 - 1), signal).catch(() => undefined);
}
