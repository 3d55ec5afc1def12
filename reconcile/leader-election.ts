import { Gauge, type Registry } from 'prom-client';
import { ClusternetError } from '../api/errors.ts';
import type { KubeClient } from '../kube/client.ts';
import { sleep } from '../kube/sleep.ts';
import { type Clock, systemClock } from './clock.ts';
import { LeaseLock } from './lease-lock.ts';
import type { Logger } from './logger.ts';

/** Who stands for election, on which Lease, and how patiently. */
export interface LeaderElection {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly name: string;
  /** The Pod's UID: a restarted container resumes its own Lease at once. */
  readonly identity: string;
  /** How long others wait after the last renewal they saw. Default 15 s. */
  readonly leaseDurationMs?: number;
  /** How long after the start of the last successful renewal the term ends. Default 10 s. */
  readonly renewDeadlineMs?: number;
  /** Between two tries. Default 2 s. */
  readonly retryPeriodMs?: number;
  readonly logger: Logger;
  readonly metrics?: Registry;
  readonly clock?: Clock;
}

/** One time in office. */
export interface LeaderTerm {
  /** Aborts when the term ends, before anybody else can begin one: hand it to everything that writes. */
  readonly signal: AbortSignal;
  /** Grows with every term of anybody: goes with effects that leave the cluster, which refuse older ones. */
  readonly transitions: number;
}

/**
 * Waits for the Lease, then runs `lead` for one term. Resolves when `lead` is done or `signal` aborts, after
 * giving the Lease back; rejects with CN_LEADER_LOST when the Lease was lost: the process must then exit.
 */
export async function runAsLeader(
  election: LeaderElection,
  lead: (term: LeaderTerm) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const { clock = systemClock, leaseDurationMs = 15_000, renewDeadlineMs = 10_000 } = election;
  if (renewDeadlineMs >= leaseDurationMs) {
    throw new Error('the renew deadline must be shorter than the lease duration');
  }
  const lock = new LeaseLock({ ...election, leaseDurationMs, clock });
  const term = new Term(clock, renewDeadlineMs, signal);
  const transitions = await acquire(lock, term, election, signal);
  if (transitions === undefined) return;
  election.logger.info({ lease: election.name, transitions }, 'became leader');
  masterStatus(election)?.set({ name: election.name }, 1);
  const renewing = keepRenewing(lock, term, election);
  try {
    await Promise.race([
      lead({ signal: term.signal, transitions }),
      term.overstayed(leaseDurationMs),
    ]);
  } catch (error) {
    if (!term.signal.aborted) throw error;
  } finally {
    masterStatus(election)?.set({ name: election.name }, 0);
    term.end();
    await renewing;
    if (!term.lost) await release(lock, election);
  }
  if (term.lost)
    throw new ClusternetError('CN_LEADER_LOST', `lost the lease ${election.name}: ${term.lost}`);
}

/** The signal of a term and the timer that ends it unless renewals push it back. */
class Term {
  readonly #clock: Clock;
  readonly #renewDeadlineMs: number;
  readonly #ended = new AbortController();
  readonly signal: AbortSignal;
  lost: string | undefined;
  #cancel: () => void = () => {};

  constructor(clock: Clock, renewDeadlineMs: number, stop: AbortSignal) {
    this.#clock = clock;
    this.#renewDeadlineMs = renewDeadlineMs;
    this.signal = AbortSignal.any([stop, this.#ended.signal]);
  }

  /** A renewal that was sent at `sentAt` has succeeded: others count from later than that. */
  renewed(sentAt: number): void {
    this.#cancel();
    const left = sentAt + this.#renewDeadlineMs - this.#clock.monotonic();
    if (left <= 0) this.lose('a renewal took too long');
    else this.#cancel = this.#clock.after(left, () => this.lose('could not renew it in time'));
  }

  lose(why: string): void {
    if (this.signal.aborted) return;
    this.lost = why;
    this.end();
  }

  end(): void {
    this.#cancel();
    this.#ended.abort();
  }

  /** Resolves when work goes on although the term was lost and others may lead by now. */
  overstayed(leaseDurationMs: number): Promise<void> {
    const grace = leaseDurationMs - this.#renewDeadlineMs;
    return new Promise(resolve => {
      const wait = () => this.lost && this.#clock.after(grace, resolve);
      if (this.signal.aborted) wait();
      else this.#ended.signal.addEventListener('abort', wait);
    });
  }
}

async function acquire(
  lock: LeaseLock,
  term: Term,
  election: LeaderElection,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { clock = systemClock, retryPeriodMs = 2000, renewDeadlineMs = 10_000 } = election;
  while (!signal.aborted) {
    const sentAt = clock.monotonic();
    try {
      const transitions = await lock.tryAcquire(withTimeout(renewDeadlineMs, signal));
      if (transitions !== undefined) {
        term.renewed(sentAt);
        return transitions;
      }
    } catch (error) {
      if (!signal.aborted) {
        election.logger.warn({ err: error, lease: election.name }, 'cannot ask for the lease');
      }
    }
    await pause(retryPeriodMs * (1 + Math.random() / 5), signal);
  }
  return undefined;
}

async function keepRenewing(lock: LeaseLock, term: Term, election: LeaderElection): Promise<void> {
  const { clock = systemClock, retryPeriodMs = 2000, renewDeadlineMs = 10_000 } = election;
  for (;;) {
    await pause(retryPeriodMs, term.signal);
    if (term.signal.aborted) return;
    const sentAt = clock.monotonic();
    try {
      const held = await lock.renew(withTimeout(renewDeadlineMs, term.signal));
      if (held) term.renewed(sentAt);
      else term.lose('somebody else holds it');
    } catch (error) {
      if (!term.signal.aborted) {
        election.logger.warn({ err: error, lease: election.name }, 'cannot renew the lease');
      }
    }
  }
}

async function release(lock: LeaseLock, election: LeaderElection): Promise<void> {
  try {
    await lock.release(AbortSignal.timeout(2000));
  } catch (error) {
    election.logger.warn({ err: error, lease: election.name }, 'cannot give the lease back');
  }
}

function withTimeout(ms: number, signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(ms)]);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, signal).catch(() => {});
}

const gauges = new WeakMap<Registry, Gauge<'name'>>();

function masterStatus({ metrics }: LeaderElection): Gauge<'name'> | undefined {
  if (!metrics) return undefined;
  const gauge =
    gauges.get(metrics) ??
    new Gauge({
      name: 'leader_election_master_status',
      help: '1 while this process leads.',
      labelNames: ['name'],
      registers: [metrics],
    });
  gauges.set(metrics, gauge);
  return gauge;
}
