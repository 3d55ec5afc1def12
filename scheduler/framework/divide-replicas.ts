import { feedKey } from '../../api/apps/feed.ts';
import type { SubscriptionStatus } from '../../api/apps/subscription.ts';
import { refusal } from '../refusal.ts';
import type { Assignment, Candidate, Cycle, Placement, Refusal, Replicas } from './plugin.ts';
import type { Profile } from './profile.ts';

/** Replicas of each feed in the order of the clusters, or why they cannot be divided. */
export type Division =
  | { readonly replicas: NonNullable<Placement['replicas']> }
  | { readonly refusal: Refusal };

/** Strategy Dividing: predicts what fits into the chosen clusters and lets the assigning plugins divide. */
export async function divideReplicas(
  profile: Profile,
  cycle: Cycle,
  clusters: readonly string[],
  candidates: readonly Candidate[],
  signal: AbortSignal,
): Promise<Division> {
  const early = profile.firstRefusal('prePredict', plugin => plugin.prePredict(cycle, candidates));
  if (early) return { refusal: early };
  const measured = await predictCapacity(profile, cycle, candidates, signal);
  const late = profile.firstRefusal('preAssign', plugin => plugin.preAssign(cycle, measured));
  if (late) return { refusal: late };
  for (const plugin of profile.at('assign')) {
    const assignment = plugin.assign(cycle, measured);
    if (assignment) return { replicas: align(cycle, clusters, assignment) };
  }
  const message = 'no enabled assign plugin divides replicas this way: see spec.dividingScheduling';
  return { refusal: refusal('DividingNotSupported', message) };
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
  const measure = async (candidate: Candidate): Promise<Candidate> => {
    const predictions = await Promise.all(
      plugins.map(plugin => plugin.predict(cycle, candidate, signal)),
    );
    return { ...candidate, capacity: smallest(predictions) };
  };
  return Promise.all(candidates.map(measure));
}

function smallest(predictions: readonly (Replicas | undefined)[]): Replicas {
  const capacity: Record<string, number> = {};
  for (const [feed, replicas] of predictions.flatMap(each => Object.entries(each ?? {}))) {
    capacity[feed] = Math.min(replicas, capacity[feed] ?? replicas);
  }
  return capacity;
}

/** In status.replicas' form; a cluster the plugin did not speak of keeps the replicas it has. */
function align(
  { subscription }: Cycle,
  clusters: readonly string[],
  assignment: Assignment,
): NonNullable<Placement['replicas']> {
  const { spec, status } = subscription;
  return Object.fromEntries(
    spec.feeds.map(feedKey).map(feed => {
      const isDivided = [...assignment.values()].some(each => Object.hasOwn(each, feed));
      const replicas = clusters.map(
        cluster => assignment.get(cluster)?.[feed] ?? present(status, cluster, feed),
      );
      return [feed, isDivided ? replicas : []];
    }),
  );
}

function present(status: SubscriptionStatus | undefined, cluster: string, feed: string): number {
  const index = status?.bindingClusters?.indexOf(cluster) ?? -1;
  return status?.replicas?.[feed]?.[index] ?? 0;
}
