import type { ManagedCluster } from '../../api/clusters/managed-cluster.ts';
import { Backoff } from '../../kube/backoff.ts';
import type { Clock } from '../../reconcile/clock.ts';
import { keyOf } from '../../reconcile/key.ts';
import type { Answer, AssumedReplicas } from './assumed-replicas.ts';
import { InTurn } from './in-turn.ts';
import { PredictionError } from './prediction-error.ts';
import type { PredictorMetrics } from './predictor-metrics.ts';

/** Asks one predictor once; rejects with a PredictionError. */
export type AskPredictor = (
  cluster: ManagedCluster,
  question: string,
  signal: AbortSignal,
) => Promise<number>;

export interface PredictionsOptions {
  readonly ask: AskPredictor;
  readonly clock: Clock;
  readonly metrics: PredictorMetrics;
  readonly assumed: AssumedReplicas;
  /** Longest wait for one predictor. */
  readonly timeoutMs: number;
  /** An answer younger than this is used again without asking. */
  readonly reuseMs: number;
  /** An answer younger than this stands in for one that could not be had. */
  readonly lastGoodMs: number;
  /** Predictors asked at the same time. */
  readonly parallelism: number;
}

interface Failure {
  readonly error: PredictionError;
  readonly backoff: Backoff;
  /** Not asked again before. */
  readonly until: number;
}

/** Questions whose answers are remembered; the oldest are forgotten first. */
const most = 100_000;
/** A predictor that failed is left alone for about this long, then ever longer. */
const restMs = { initialMs: 5_000, maxMs: 60_000 };

/** How many replicas fit, cluster by cluster: asked in parallel, each within its deadline, with the last good answer in reserve. */
export class Predictions {
  readonly #options: PredictionsOptions;
  readonly #turns: InTurn;
  readonly #answers = new Map<string, Answer>();
  readonly #failures = new Map<string, Failure>();
  /** The same question to the same cluster is asked once, however many wait for it. */
  readonly #asking = new Map<string, Promise<Answer>>();

  constructor(options: PredictionsOptions) {
    this.#options = options;
    this.#turns = new InTurn(options.parallelism);
  }

  /**
   * How many more replicas fit, less those placed since that was answered. Rejects with a PredictionError when there is
   * neither an answer nor a good one that is young enough.
   */
  async get(cluster: ManagedCluster, question: string): Promise<number> {
    const key = keyOf(cluster);
    const answer = await this.#answer(cluster, question, `${key} ${question}`);
    return this.#options.assumed.left(key, question, answer);
  }

  /** Sets room aside for replicas that are placed on a cluster, `namespace/name`; the returned function gives it back. */
  assume(cluster: string, question: string, count: number): () => void {
    const capacity = this.#answers.get(`${cluster} ${question}`)?.replicas;
    return this.#options.assumed.add(cluster, question, count, capacity);
  }

  async #answer(cluster: ManagedCluster, question: string, key: string): Promise<Answer> {
    const { clock, metrics, reuseMs, lastGoodMs } = this.#options;
    const known = this.#answers.get(key);
    const age = known ? clock.monotonic() - known.at : Infinity;
    if (known && age < reuseMs) {
      metrics.count('Reused');
      return known;
    }
    try {
      const answer = await this.#ask(cluster, question, key);
      metrics.count('Answered');
      return answer;
    } catch (error) {
      if (!(error instanceof PredictionError)) throw error;
      metrics.count(error.reason);
      // A predictor that was switched off, or must not be dialled, says nothing about capacity any more.
      if (known && age < lastGoodMs && isPassing(error)) {
        metrics.count('LastGood');
        return known;
      }
      throw error;
    }
  }

  #ask(cluster: ManagedCluster, question: string, key: string): Promise<Answer> {
    const failure = this.#failures.get(key) ?? this.#failures.get(keyOf(cluster));
    if (failure && this.#options.clock.monotonic() < failure.until) {
      return Promise.reject(failure.error);
    }
    return this.#asking.getOrInsertComputed(key, () =>
      this.#turns
        .run(() => this.#askOnce(cluster, question, key))
        .finally(() => this.#asking.delete(key)),
    );
  }

  async #askOnce(cluster: ManagedCluster, question: string, key: string): Promise<Answer> {
    const { ask, clock, metrics, timeoutMs } = this.#options;
    const deadline = new AbortController();
    const timedOut = new PredictionError(
      'PredictorTimedOut',
      `its predictor did not answer within ${timeoutMs / 1000} s`,
    );
    const cancel = clock.after(timeoutMs, () => deadline.abort(timedOut));
    const began = clock.monotonic();
    try {
      const replicas = await ask(cluster, question, deadline.signal);
      // What was placed while it thought about the answer may not be in it.
      const answer = { replicas, at: began };
      this.#remember(key, answer);
      for (const scope of [key, keyOf(cluster)]) this.#failures.delete(scope);
      return answer;
    } catch (error) {
      const reason = deadline.signal.aborted ? timedOut : error;
      if (reason instanceof PredictionError) this.#rest(reason, cluster, key);
      throw reason;
    } finally {
      cancel();
      metrics.took((clock.monotonic() - began) / 1000);
    }
  }

  #remember(key: string, answer: Answer): void {
    this.#answers.delete(key);
    this.#answers.set(key, answer);
    if (this.#answers.size > most) forgetOldest(this.#answers);
  }

  /** Who does not answer at all is not asked anything for a while; who refuses is not asked the same. */
  #rest(error: PredictionError, cluster: ManagedCluster, key: string): void {
    if (!isPassing(error)) return;
    const silent = error.reason === 'PredictorTimedOut' || error.reason === 'PredictorUnreachable';
    const scope = silent ? keyOf(cluster) : key;
    const backoff = this.#failures.get(scope)?.backoff ?? new Backoff(restMs);
    const until = this.#options.clock.monotonic() + backoff.next();
    this.#failures.delete(scope);
    this.#failures.set(scope, { error, backoff, until });
    if (this.#failures.size > most) forgetOldest(this.#failures);
  }
}

/** What costs nothing to find out and holds until the cluster or the configuration changes is no passing failure. */
function isPassing({ reason }: PredictionError): boolean {
  return !(
    reason === 'PredictorDisabled' ||
    reason === 'PredictorAddressInvalid' ||
    reason === 'PredictorAddressNotAllowed'
  );
}

function forgetOldest(map: Map<string, unknown>): void {
  for (const key of map.keys()) {
    map.delete(key);
    return;
  }
}
