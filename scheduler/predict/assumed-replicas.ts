import type { Clock } from '../../reconcile/clock.ts';

/** What a predictor answered, and when (milliseconds, monotonic). */
export interface Answer {
  readonly replicas: number;
  readonly at: number;
}

interface Assumption {
  readonly question: string;
  count: number;
  /** How many would have fitted then; undefined when nobody had asked. */
  capacity: number | undefined;
  at: number;
}

/** From the placement until its pods are bound and the predictor has seen them. */
const settleMs = 15_000;
/** The longest that an answer may stand in for later ones. */
export const longestLastGoodMs = 600_000;
/** Placements of one second are noted as one. */
const mergeMs = 1_000;

/**
 * Replicas that were placed and that a predictor cannot have counted yet. Without them the same room would be promised
 * again until the pods are there: an answer is good for what was placed before it, less what was placed since.
 */
export class AssumedReplicas {
  readonly #clock: Clock;
  readonly #clusters = new Map<string, Assumption[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes a placement; the returned function takes it back. */
  add(cluster: string, question: string, count: number, capacity: number | undefined): () => void {
    const now = this.#clock.monotonic();
    const young = (this.#clusters.get(cluster) ?? []).filter(
      ({ at, count: some }) => some > 0 && at > now - longestLastGoodMs - settleMs,
    );
    const last = young.findLast(each => each.question === question && each.at > now - mergeMs);
    const assumption = last ?? { question, count: 0, capacity, at: now };
    assumption.count += count;
    assumption.capacity = capacity;
    assumption.at = now;
    this.#clusters.set(cluster, last ? young : [...young, assumption]);
    return () => {
      assumption.count -= count;
    };
  }

  /** What is left of an answer. Replicas with other needs have used `count / capacity` of the cluster. */
  left(cluster: string, question: string, { replicas, at }: Answer): number {
    let same = 0;
    let unused = 1;
    for (const each of this.#clusters.get(cluster) ?? []) {
      if (each.at <= at - settleMs) continue;
      if (each.question === question) same += each.count;
      else if (each.capacity) unused -= each.count / each.capacity;
    }
    // A rounding error must not cost a replica.
    return Math.max(0, Math.floor(replicas * unused - same + 1e-6));
  }
}
