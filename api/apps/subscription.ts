import { Type } from 'typebox';
import { conditionList } from '../conditions.ts';
import { preferredSchedulingTermSchema } from '../core/node-selector-term.ts';
import { topologySpreadConstraintSchema } from '../core/topology-spread-constraint.ts';
import { ageColumn, type CustomKind } from '../custom-kind.ts';
import type { KubeObject } from '../kube-object.ts';
import { labelSelector } from '../label-selector.ts';
import type { Resource } from '../resource.ts';
import { dateTime, int32, int64, mapOf, oneOf, rules, type TypeOf } from '../schema.ts';
import { tolerationSchema } from '../taint.ts';
import { feedFields, feedList } from './feed.ts';

const dynamicDividing = Type.Object(
  {
    strategy: oneOf(['Spread', 'Binpack'], {
      description: 'Spread over many clusters, or fill few.',
      default: 'Spread',
    }),
    topologySpreadConstraints: Type.Optional(
      Type.Array(topologySpreadConstraintSchema, {
        description: 'How to spread over regions, zones or other groups of clusters.',
      }),
    ),
    preferredClusters: Type.Optional(
      Type.Array(preferredSchedulingTermSchema, { description: 'Clusters to fill first.' }),
    ),
    minClusters: Type.Optional(int32({ description: 'The fewest clusters to use.' })),
    maxClusters: Type.Optional(int32({ description: 'The most clusters to use.' })),
  },
  { description: 'Divide by what the clusters have free.' },
);

const dividingScheduling = Type.Object(
  {
    type: oneOf(['Static', 'Dynamic'], {
      description: 'Divide by weights, or by what the clusters have free.',
      default: 'Static',
    }),
    dynamicDividing: Type.Optional(dynamicDividing),
  },
  { description: 'How replicas are divided; for strategy Dividing.' },
);

const subscriber = Type.Object(
  {
    clusterAffinity: labelSelector('Which clusters, by their labels.'),
    weight: Type.Optional(
      int32({ description: 'Share of replicas in static dividing.', minimum: 0 }),
    ),
    subGroupStrategy: Type.Optional(
      Type.Object(
        {
          minClusters: Type.Optional(
            int32({ description: 'How many clusters this group needs.', minimum: 0 }),
          ),
        },
        { description: 'How this subscriber is scheduled as a group.' },
      ),
    ),
  },
  { description: 'A group of clusters.' },
);

const rebalance = Type.Object(
  {
    policy: oneOf(['Never', 'OnChange', 'Schedule'], {
      description:
        'Never; when a cluster joins or leaves or the spec changes; or at scheduled times.',
      default: 'Never',
    }),
    schedule: Type.Optional(
      Type.String({
        description: 'With policy Schedule: minute, hour, day of month, month, day of week.',
        maxLength: 128,
      }),
    ),
    timeZone: Type.Optional(
      Type.String({ description: 'Time zone of the schedule; UTC by default.', maxLength: 64 }),
    ),
    window: Type.Optional(
      Type.String({
        description: 'How long after a scheduled time it may still be done; 1h by default.',
        maxLength: 16,
      }),
    ),
  },
  {
    description: 'When replicas that run may be moved; for strategy Dividing.',
    ...rules(
      ["self.policy != 'Schedule' || has(self.schedule)", 'policy Schedule needs a schedule'],
      [
        "self.policy == 'Schedule' || !(has(self.schedule) || has(self.timeZone) || has(self.window))",
        'schedule, timeZone and window are for policy Schedule',
      ],
    ),
  },
);

const spec = Type.Object(
  {
    schedulerName: Type.Optional(
      Type.String({ description: 'The scheduler that decides.', default: 'default' }),
    ),
    schedulingBySubGroup: Type.Optional(
      Type.Boolean({ description: 'Whether each subscriber is a group with its own minimum.' }),
    ),
    schedulingStrategy: Type.Optional(
      oneOf(['Replication', 'Dividing'], {
        description: 'Deliver the same to every cluster, or divide the replicas.',
        default: 'Replication',
      }),
    ),
    dividingScheduling: Type.Optional(dividingScheduling),
    rebalance: Type.Optional(rebalance),
    priority: Type.Optional(int32({ description: 'Higher is scheduled first.' })),
    preemptionPolicy: Type.Optional(
      oneOf(['PreemptLowerPriority', 'PreemptNever', 'Never'], {
        description: 'Whether lower priorities may be displaced; PreemptNever means Never.',
        default: 'PreemptLowerPriority',
      }),
    ),
    subscribers: Type.Array(subscriber, { description: 'The clusters to deliver to.' }),
    clusterTolerations: Type.Optional(
      Type.Array(tolerationSchema, { description: 'Taints of clusters that do not matter.' }),
    ),
    feeds: feedList(),
  },
  { description: 'What to deliver and where to.' },
);

const optionalCount = (description: string) => Type.Optional(int32({ description }));

export const replicaStatusSchema = Type.Object(
  {
    observedGeneration: Type.Optional(
      int64({ description: 'The generation these numbers are of.' }),
    ),
    replicas: optionalCount('Replicas there are.'),
    updatedReplicas: optionalCount('Replicas of the newest template.'),
    currentReplicas: optionalCount('Replicas of the current revision.'),
    readyReplicas: optionalCount('Replicas that are ready.'),
    availableReplicas: optionalCount('Replicas that are available.'),
    unavailableReplicas: optionalCount('Replicas that are missing or not available.'),
    active: optionalCount('Pods of a Job that run.'),
    succeeded: optionalCount('Pods of a Job that succeeded.'),
    failed: optionalCount('Pods of a Job that failed.'),
  },
  { description: 'Replicas by state.' },
);

const verdict = {
  available: Type.Optional(Type.Boolean({ description: 'Whether the object does its work.' })),
  replicaStatus: Type.Optional(replicaStatusSchema),
};

const aggregatedStatus = Type.Object(
  {
    ...feedFields,
    feedStatusSummary: Type.Optional(
      Type.Object(verdict, { description: 'Over all clusters together.' }),
    ),
    feedStatusDetails: Type.Optional(
      Type.Array(
        Type.Object({
          clusterId: Type.Optional(Type.String({ description: 'The UUID of the cluster.' })),
          clusterName: Type.Optional(Type.String({ description: 'The name of the cluster.' })),
          ...verdict,
        }),
        { description: 'Cluster by cluster.' },
      ),
    ),
  },
  { description: 'How one object fares in the clusters.' },
);

const failover = Type.Object(
  {
    evictions: Type.Array(
      Type.Object({
        cluster: Type.String({ description: 'namespace/name of a cluster that is bound.' }),
        reason: oneOf(['NotReady', 'Tainted'], { description: 'Why it is to be left.' }),
        startTime: dateTime({ description: 'Since when.' }),
      }),
      { description: 'Clusters that are left as soon as others stand in for them.' },
    ),
    replacements: Type.Array(
      Type.Object({
        cluster: Type.String({ description: 'namespace/name of a cluster that is bound.' }),
        joined: Type.Optional(Type.Boolean({ description: 'Whether it was not bound before.' })),
        replicas: Type.Optional(mapOf(int32(), { description: 'Replicas it got more, by feed.' })),
      }),
      { description: 'Clusters that stand in for them.' },
    ),
  },
  { description: 'Evictions under way; with gate FailOver of the scheduler.' },
);

const status = Type.Object(
  {
    bindingClusters: Type.Optional(
      Type.Array(Type.String(), {
        description: 'namespace/name of the clusters that were chosen, sorted.',
      }),
    ),
    replicas: Type.Optional(
      mapOf(Type.Array(int32()), {
        description: 'Replicas of each feed, in the order of bindingClusters.',
      }),
    ),
    lastRebalanceTime: Type.Optional(
      dateTime({ description: 'When it was last rebalanced by schedule.' }),
    ),
    failover: Type.Optional(failover),
    specHash: Type.Optional(int64({ description: 'Hash of the spec that was scheduled.' })),
    desiredReleases: Type.Optional(int64({ description: 'In how many clusters it shall be.' })),
    completedReleases: Type.Optional(int64({ description: 'In how many clusters it is.' })),
    aggregatedStatuses: Type.Optional(
      Type.Array(aggregatedStatus, { description: 'How the feeds fare.' }),
    ),
    conditions: Type.Optional(conditionList()),
  },
  { description: 'Where it was placed and how it fares.' },
);

export const subscriptionSchema = Type.Object({ spec, status: Type.Optional(status) });

export type ReplicaStatus = TypeOf<typeof replicaStatusSchema>;
export type AggregatedStatus = TypeOf<typeof aggregatedStatus>;
export type SubscriptionSpec = TypeOf<typeof spec>;
export type SubscriptionStatus = TypeOf<typeof status>;

/** Objects to deliver, and the clusters to deliver them to. */
export interface Subscription extends KubeObject {
  readonly spec: SubscriptionSpec;
  readonly status?: SubscriptionStatus;
}

export const subscriptions: Resource<Subscription> = {
  group: 'apps.clusternet.io',
  version: 'v1alpha1',
  plural: 'subscriptions',
  kind: 'Subscription',
  namespaced: true,
};

export const subscriptionKind: CustomKind = {
  resource: subscriptions,
  description: 'Objects to deliver, and the clusters to deliver them to.',
  shortNames: ['sub', 'subs'],
  schema: subscriptionSchema,
  statusSubresource: true,
  columns: [ageColumn],
};
