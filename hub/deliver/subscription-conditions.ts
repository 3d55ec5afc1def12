import { type Subscription, subscriptions } from '../../api/apps/subscription.ts';
import { setCondition } from '../../api/conditions.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { DeliveryCondition } from './delivery-plan.ts';

/**
 * Writes conditions that say something new, by server-side apply: those of other managers beside them are not touched. They must be
 * all that `fieldManager` has to say.
 */
export async function writeConditions(
  client: KubeClient,
  subscription: Subscription,
  conditions: readonly DeliveryCondition[],
  fieldManager: string,
  now: Date,
  signal: AbortSignal,
): Promise<Subscription> {
  const present = subscription.status?.conditions;
  if (conditions.every(each => setCondition(present, each, now) === present)) return subscription;
  const { namespace, name, uid } = subscription.metadata;
  const types = new Set(conditions.map(({ type }) => type));
  const next = conditions
    .reduce((all, each) => setCondition(all, each, now), present ?? [])
    .filter(({ type }) => types.has(type));
  const configuration = {
    apiVersion: subscription.apiVersion,
    kind: subscription.kind,
    metadata: { namespace, name, uid } as Subscription['metadata'],
    status: { conditions: next },
  };
  return client.apply(
    subscriptions,
    configuration,
    { fieldManager, force: true, subresource: 'status' },
    signal,
  );
}
