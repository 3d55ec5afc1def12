import { maxReplicas } from '../api/apps/feed-inventory.ts';
import { type ReplicaStatus, replicaStatusSchema } from '../api/apps/subscription.ts';

/** Counters of a status; text says which is wrong. A counter that is null is one that is not there. */
export function readCounters(value: unknown): ReplicaStatus | string {
  if (typeof value !== 'object' || value === null) return 'the result is not a map';
  const present = Object.fromEntries(Object.entries(value).filter(([, each]) => each !== null));
  const allowed = Object.keys(replicaStatusSchema.properties);
  const unknown = Object.keys(present).find(name => !allowed.includes(name));
  if (unknown !== undefined) return `${unknown} is not a counter; there are ${allowed.join(', ')}`;
  const wrong = Object.entries(present).find(([name, each]) => {
    const most = name === 'observedGeneration' ? Number.MAX_SAFE_INTEGER : maxReplicas;
    return !Number.isInteger(each) || each < 0 || each > most;
  });
  if (wrong !== undefined)
    return `${wrong[0]} is ${JSON.stringify(wrong[1])}, which counts nothing`;
  return present;
}
