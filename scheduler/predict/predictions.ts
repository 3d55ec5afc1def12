import { hash } from 'node:crypto';
import type { ManagedCluster } from '../../api/clusters/managed-cluster.ts';
import { Backoff } from '../../kube/backoff.ts';
import type { Clock } from '../../reconcile/clock.ts';
import { keyOf } from '../../reconcile/key.ts';
import { AnswerMemory } from './answer-memory.ts';
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

/** What a failure can be about. */
interface Scopes {
  /** The cluster, `namespace/name`. */
  readonly key: string;
  /** The cluster and the question. */
  readonly pair: string;
}

interface Failure {
  readonly error: PredictionError;
  readonly backoff: Backoff;
  /** Not asked again before. */
  readonly until: number;
}

/** Questions whose answers are remembered. */
const mostQuestions = 1_000;
/** Failures that are remembered; the oldest are forgotten first. */
const mostFailures = 100_000;
/** A predictor that failed is left alone for about this long, then ever longer. */
const restMs = { initialMs: 5_000, maxMs: 60_000 };

/** How many replicas fit, cluster by cluster: asked in parallel, each within its deadline, with the last good answer in reserve. */
export class Predictions {
  readonly #options: PredictionsOptions;
  readonly #turns: InTurn;
  readonly #answers = new AnswerMemory(mostQuestions);
  readonly #failures = new Map<string, Failure>();
  /** The same question to the same cluster is asked once, however many wait for it. */
  readonly #asking = new Map<string, Promise<Answer>>();

  constructor(options: PredictionsOptions) {
    this.#options = options;
    this.#turns = new InTurn(options.parallelism);
  }

  /** As {@link get}, when an answer is young enough to be used again: by the key of the cluster, without asking. */
  known(cluster: string, question: string): number | undefined {
    const { assumed, clock, metrics, reuseMs } = this.#options;
    const answer = this.#answers.get(cluster, question);
    if (answer === undefined || clock.monotonic() - answer.at >= reuseMs) return undefined;
    metrics.count('Reused');
    return assumed.left(cluster, question, answer);
  }

  /**
   * How many more replicas fit, less those placed since that was answered. Rejects with a PredictionError when there is
   * neither an answer nor a good one that is young enough.
   */
  async get(cluster: ManagedCluster, question: string): Promise<number> {
    const key = keyOf(cluster);
    const known = this.known(key, question);
    if (known !== undefined) return known;
    const answer = await this.#answer(cluster, key, question);
    return this.#options.assumed.left(key, question, answer);
  }

  /** Sets room aside for replicas that are placed on a cluster, `namespace/name`; the returned function gives it back. */
  assume(cluster: string, question: string, count: number): () => void {
    const capacity = this.#answers.get(cluster, question)?.replicas;
    return this.#options.assumed.add(cluster, question, count, capacity);
  }

  async #answer(cluster: ManagedCluster, key: string, question: string): Promise<Answer> {
    const { clock, metrics, lastGoodMs } = this.#options;
    const known = this.#answers.get(key, question);
    const age = known ? clock.monotonic() - known.at : Infinity;
    try {
      const answer = await this.#ask(cluster, key, question);
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

  #ask(cluster: ManagedCluster, key: string, question: string): Promise<Answer> {
    const pair = `${key} ${hash('sha256', question)}`;
    const failure = this.#failures.get(pair) ?? this.#failures.get(key);
    if (failure && this.#options.clock.monotonic() < failure.until) {
      return Promise.reject(failure.error);
    }
    return this.#asking.getOrInsertComputed(pair, () =>
      this.#turns
        .run(() => this.#askOnce(cluster, question, { key, pair }))
        .finally(() => this.#asking.delete(pair)),
    );
  }

  async #askOnce(cluster: ManagedCluster, question: string, scopes: Scopes): Promise<Answer> {
    const { ask, clock, metrics, timeoutMs } = this.#options;
    const deadline = new AbortController();
    const cancel = clock.after(timeoutMs, () => {
      const message = `its predictor did not answer within ${timeoutMs / 1000} s`;
      deadline.abort(new PredictionError('PredictorTimedOut', message));
    });
    const began = clock.monotonic();
    try {
      const replicas = await ask(cluster, question, deadline.signal);
      // What was placed while it thought about the answer may not be in it.
      const answer = { replicas, at: began };
      this.#answers.set(scopes.key, question, answer);
      for (const scope of Object.values(scopes)) this.#failures.delete(scope);
      return answer;
    } catch (error) {
      const reason: unknown = deadline.signal.aborted ? deadline.signal.reason : error;
      if (reason instanceof PredictionError) this.#rest(reason, scopes);
      throw reason;
    } finally {
      cancel();
      metrics.took((clock.monotonic() - began) / 1000);
    }
  }

  /** Who does not answer at all is not asked anything for a while; who refuses is not asked the same. */
  #rest(error: PredictionError, { key, pair }: Scopes): void {
    if (!isPassing(error)) return;
    const silent = error.reason === 'PredictorTimedOut' || error.reason === 'PredictorUnreachable';
    const scope = silent ? key : pair;
    const backoff = this.#failures.get(scope)?.backoff ?? new Backoff(restMs);
    const until = this.#options.clock.monotonic() + backoff.next();
    this.#failures.delete(scope);
    this.#failures.set(scope, { error, backoff, until });
    if (this.#failures.size <= mostFailures) return;
    for (const oldest of this.#failures.keys()) {
      this.#failures.delete(oldest);
      return;
    }
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
