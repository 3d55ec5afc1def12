import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { Agent, request } from 'undici';
import { replicaRequirementsSchema } from '../api/apps/feed-inventory.ts';
import type { ResourceInterpreterSpec } from '../api/apps/resource-interpreter.ts';
import type { DynamicObject } from '../api/kube-object.ts';
import { readText } from '../kube/read-text.ts';
import type { Interpretation } from './interpretation.ts';
import { readReplicas } from './read-replicas.ts';

type WebhookSpec = NonNullable<ResourceInterpreterSpec['webhook']>;

const answerBytes = 65_536;
/** So long one that kept silent is left alone: who waits for it does not work for others. */
const restMs = 30_000;

/** What a webhook answers; replicas and replicaJsonPath come together or not at all. */
const answerSchema = Type.Object({
  response: Type.Object({
    replicas: Type.Optional(Type.Unknown()),
    replicaJsonPath: Type.Optional(Type.String({ maxLength: 256 })),
    requirements: Type.Optional(replicaRequirementsSchema),
  }),
});

interface Silence {
  readonly error: unknown;
  readonly restsUntil: number;
}

/**
 * An HTTPS server that says what an object asks for: POST of `{request: {object}}`, answered by `{response: {replicas,
 * replicaJsonPath, requirements}}`. Redirects are not followed. One that gives no whole answer is left alone for 30 s, and then
 * asked by one at a time until it does.
 */
export class Webhook {
  readonly #spec: WebhookSpec;
  readonly #now: () => number;
  #silence: Silence | undefined;
  #isTried = false;

  /** `now` counts milliseconds. */
  constructor(spec: WebhookSpec, now = () => performance.now()) {
    this.#spec = spec;
    this.#now = now;
  }

  /** Throws an Error in one line when there is no usable answer. */
  async ask(object: DynamicObject, signal: AbortSignal): Promise<Interpretation> {
    return readAnswer(await this.#answerTo(object, signal));
  }

  async #answerTo(object: DynamicObject, signal: AbortSignal): Promise<Answer> {
    const silence = this.#silence;
    if (silence !== undefined) {
      if (this.#isTried || this.#now() < silence.restsUntil) throw silence.error;
      this.#isTried = true;
    }
    try {
      const answer = await post(this.#spec, object, signal);
      this.#silence = undefined;
      return answer;
    } catch (error) {
      if (!signal.aborted) this.#silence = { error, restsUntil: this.#now() + restMs };
      throw error;
    } finally {
      if (silence !== undefined) this.#isTried = false;
    }
  }
}

interface Answer {
  readonly statusCode: number;
  readonly text: string;
}

async function post(
  { url, caBundle, timeoutSeconds = 5 }: WebhookSpec,
  object: DynamicObject,
  signal: AbortSignal,
): Promise<Answer> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutSeconds * 1000)]);
  const ca = Buffer.from(caBundle, 'base64').toString();
  const dispatcher = new Agent({ connect: { ca, timeout: timeoutSeconds * 1000 } });
  try {
    const { statusCode, body } = await request(url, {
      dispatcher,
      method: 'POST',
      headers: { accept: 'application/json', 'content-type': 'application/json' },
      body: JSON.stringify({ request: { object } }),
      signal: deadline,
    });
    return { statusCode, text: await readText(body, answerBytes) };
  } finally {
    await dispatcher.destroy();
  }
}

function readAnswer({ statusCode, text }: Answer): Interpretation {
  if (statusCode !== 200) throw new Error(`it answers ${statusCode}, not 200`);
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new Error('its answer is not JSON');
  }
  const [error] = Value.Errors(answerSchema, answer);
  if (error !== undefined) throw new Error(`its answer: ${error.instancePath} ${error.message}`);
  const { response } = Value.Clean(answerSchema, answer) as Type.Static<typeof answerSchema>;
  const { replicas: written, replicaJsonPath, requirements } = response;
  const needs = requirements === undefined ? {} : { requirements };
  if (written === undefined) return needs;
  const replicas = readReplicas(written);
  if (typeof replicas === 'string') throw new Error(`its answer: /response/replicas ${replicas}`);
  if (!replicaJsonPath?.startsWith('/')) {
    throw new Error('its answer: /response/replicaJsonPath must be a JSON pointer');
  }
  return { replicas, replicaJsonPath, ...needs };
}
