import { assemblePlacement } from '../assemble-placement.ts';
import { sum } from '../assign/sum.ts';
import { nothingFits } from '../failover/settle-evictions.ts';
import { type Decision, leaveAlone } from '../place.ts';
import { PredictionError } from '../predict/prediction-error.ts';
import { unknownSummary } from '../predict/unknown-summary.ts';
import { PresentReplicas } from '../present-replicas.ts';
import { rebalances } from '../rebalances.ts';
import { refusal } from '../refusal.ts';
import { wantedReplicas } from '../wanted-replicas.ts';
import type { Assignment, Candidate, Cycle, Demand, Refusal, Replicas } from './plugin.ts';
import type { Profile } from './profile.ts';

/**
 * Strategy Dividing: predicts what fits into the chosen clusters, lets the assigning plugins divide, and adds the
 * replicas to the decision.
 */
export async function divideReplicas(
  profile: Profile,
  cycle: Cycle,
  decision: Decision,
  signal: AbortSignal,
): Promise<Decision> {
  const { subscription } = cycle;
  const wanted = wantedReplicas(subscription, cycle.inventory);
  if ('refusal' in wanted) return leaveAlone(wanted.refusal);
  const early = profile.firstAnswer('prePredict', plugin =>
    plugin.prePredict(cycle, decision.candidates),
  );
  if (early) return leaveAlone(early);
  const present = PresentReplicas.in(subscription.status);
  const demand = {
    replicas: lessWhatOthersKeep(wanted.replicas, decision, present),
    rebalance: rebalances(cycle, decision),
  };
  const wish = { wanted: wanted.replicas, demand, present };
  const isDynamic = subscription.spec.dividingScheduling?.type === 'Dynamic';
  if (!isDynamic || !needsRoom(demand, decision.candidates, present)) {
    return divide(profile, cycle, decision, wish);
  }
  const candidates = await predictCapacity(profile, cycle, decision.candidates, signal);
  return { ...divide(profile, cycle, { ...decision, candidates }, wish), predicted: candidates };
}

/** Whether replicas move or become more: only then is it worth anything to know what fits. */
function needsRoom(
  { replicas, rebalance }: Demand,
  candidates: readonly Candidate[],
  present: PresentReplicas,
): boolean {
  if (rebalance) return true;
  const clusters = candidates.map(({ key }) => key);
  return Object.entries(replicas).some(
    ([feed, count]) => count > sum(present.column(clusters, feed)),
  );
}

interface Wish {
  /** Replicas of each feed in the whole placement. */
  readonly wanted: Replicas;
  /** Of these, what the candidates shall have together. */
  readonly demand: Demand;
  readonly present: PresentReplicas;
}

/** Lets the assigning plugins divide over candidates whose capacity is known as far as it is to be had. */
function divide(
  profile: Profile,
  cycle: Cycle,
  decision: Decision,
  { wanted, demand, present }: Wish,
): Decision {
  const { candidates } = decision;
  const assignment = assign(profile, cycle, candidates, demand);
  if ('reason' in assignment) return leaveAlone(assignment);
  const placement = assemblePlacement(cycle, decision, assignment, present, wanted);
  if (assignment.refusal) return { ...decision, ...placement, refusal: assignment.refusal };
  const hold =
    decision.hold?.reason === 'ReplacementsPending' && placement.shortfall
      ? nothingFits(placement.shortfall)
      : decision.hold;
  if (!placement.shortfall || sum(Object.values(placement.replicas).flat()) > 0) {
    return {
      ...decision,
      ...placement,
      ...(hold && { hold }),
      ...(cycle.rebalanceDue && { rebalanced: true }),
    };
  }
  return leaveAlone(noRoom(candidates, placement.shortfall));
}

/** Why nothing at all could be placed. */
function noRoom(candidates: readonly Candidate[], shortfall: string): Refusal {
  if (candidates.some(({ capacity = {} }) => Object.keys(capacity).length > 0)) {
    const remedy = 'make room in a cluster that matches, or let more clusters match';
    return refusal('NoCapacity', `${shortfall}: ${remedy}`);
  }
  const why = candidates.some(({ unknown }) => unknown)
    ? unknownSummary(candidates)
    : 'no cluster says how many replicas fit, which type Dynamic needs to know';
  return refusal('CapacityUnknown', `${shortfall}: ${why}`);
}

/** Adds to each candidate the capacity all predicting plugins agree on: the smallest of each feed. */
async function predictCapacity(
  profile: Profile,
  cycle: Cycle,
  candidates: readonly Candidate[],
  signal: AbortSignal,
): Promise<readonly Candidate[]> {
  const plugins = profile.at('predict');
  if (plugins.length === 0) return candidates;
  const measure = (candidate: Candidate): Candidate | Promise<Candidate> => {
    if (candidate.retained) return candidate;
    try {
      const answers = plugins.map(plugin => plugin.predict(cycle, candidate, signal));
      if (!answers.some(isPromise)) return withCapacity(candidate, answers as Prediction[]);
      return Promise.all(answers).then(
        predictions => withCapacity(candidate, predictions),
        error => withoutCapacity(candidate, error),
      );
    } catch (error) {
      return withoutCapacity(candidate, error);
    }
  };
  // Thousands of clusters whose answers are known are not worth thousands of promises.
  const measured = candidates.map(measure);
  if (!measured.some(isPromise)) return measured as readonly Candidate[];
  return unlessAborted(Promise.all(measured), signal);
}

type Prediction = Replicas | undefined;

function isPromise(value: unknown): boolean {
  return typeof (value as { then?: unknown } | undefined)?.then === 'function';
}

function withCapacity(candidate: Candidate, predictions: readonly Prediction[]): Candidate {
  const { key, cluster, score } = candidate;
  return { key, cluster, score, capacity: smallest(predictions) };
}

/** A PredictionError says it in words of a closed list; plugins of others throw what they like. */
function withoutCapacity(candidate: Candidate, error: unknown): Candidate {
  const { reason, message } =
    error instanceof PredictionError
      ? error
      : new PredictionError('PredictorFailed', error instanceof Error ? error.message : `${error}`);
  return { ...candidate, unknown: { reason, message } };
}

/** Whoever stops waits for no predictor. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function smallest(predictions: readonly Prediction[]): Replicas {
  const [only, ...others] = predictions;
  if (only && others.length === 0) return only;
  const capacity: Record<string, number> = {};
  for (const [feed, replicas] of predictions.flatMap(each => Object.entries(each ?? {}))) {
    capacity[feed] = Math.min(replicas, capacity[feed] ?? replicas);
  }
  return capacity;
}

/** What the candidates shall have together when the other clusters of the placement keep what they have. */
function lessWhatOthersKeep(
  wanted: Replicas,
  { clusters = [], candidates, evicting = [] }: Decision,
  present: PresentReplicas,
): Replicas {
  if (clusters.length === candidates.length) return wanted;
  // What is being evicted keeps what it has only until others have it, too.
  const ours = new Set([...candidates.map(({ key }) => key), ...evicting]);
  const others = clusters.filter(key => !ours.has(key));
  return Object.fromEntries(
    Object.entries(wanted).map(([feed, replicas]) => {
      const kept = sum(present.column(others, feed));
      return [feed, Math.max(0, replicas - kept)];
    }),
  );
}

function assign(
  profile: Profile,
  cycle: Cycle,
  candidates: readonly Candidate[],
  demand: Demand,
): Assignment | Refusal {
  const refused = profile.firstAnswer('preAssign', plugin => plugin.preAssign(cycle, candidates));
  if (refused) return refused;
  const assignment = profile.firstAnswer('assign', plugin =>
    plugin.assign(cycle, candidates, demand),
  );
  if (assignment) return assignment;
  const message = 'no enabled assign plugin divides replicas this way: see spec.dividingScheduling';
  return refusal('DividingNotSupported', message);
}
