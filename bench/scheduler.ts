import { Registry } from 'prom-client';
import { type Subscription, subscriptions } from '../api/apps/subscription.ts';
import type { ManagedCluster } from '../api/clusters/managed-cluster.ts';
import { StoreInformer } from '../reconcile/informer.ts';
import { keyOf } from '../reconcile/key.ts';
import { affectedBy, indexSubscriptions } from '../scheduler/affected-subscriptions.ts';
import { ClusterIndex } from '../scheduler/cluster-index.ts';
import { divideReplicas } from '../scheduler/framework/divide-replicas.ts';
import type { Cycle } from '../scheduler/framework/plugin.ts';
import { buildProfile } from '../scheduler/framework/profile.ts';
import { place } from '../scheduler/place.ts';
import { predictor } from '../scheduler/plugins/predictor.ts';
import { AssumedReplicas } from '../scheduler/predict/assumed-replicas.ts';
import { Predictions } from '../scheduler/predict/predictions.ts';
import { predictorMetrics } from '../scheduler/predict/predictor-metrics.ts';
import { statusAfter } from '../scheduler/subscription-status.ts';
import { FakeClock } from '../test/fake-clock.ts';
import { cluster, inventoryOf, subscription } from '../test/scheduling-objects.ts';
import { testPlugins } from '../test/scheduling-plugins.ts';
import { round, summarise } from './samples.ts';
import { report } from './test-bed.ts';

/**
 * How fast the scheduler decides, without any API server: clusters with labels, taints and readiness as fleets have
 * them, Subscriptions that select a hundredth, a tenth or all of them, placed for the first time and looked at again;
 * what fits is known already, as it is for 20 s after somebody asked.
 * Decisions per second are those of the processor that decides, so that what else the machine does counts little.
 * Arguments: numbers of clusters (100 1000 10000).
 */
const sizes = process.argv.slice(2).map(Number);
const seconds = 1;
const now = new Date('2026-01-01T00:00:00Z');
const weight = 1;
const reaches = {
  hundredth: (i: number) => ({ matchLabels: { 'topology.kubernetes.io/zone': `z${i % 100}` } }),
  tenth: (i: number) => ({ matchLabels: { 'topology.kubernetes.io/region': `r${i % 10}` } }),
  all: () => ({}),
};
const strategies = {
  replication: {},
  static: { schedulingStrategy: 'Dividing', dividingScheduling: { type: 'Static' } },
  dynamic: {
    schedulingStrategy: 'Dividing',
    dividingScheduling: { type: 'Dynamic', dynamicDividing: { strategy: 'Spread' } },
  },
} as const;
const clock = new FakeClock();
const predictions = new Predictions({
  ask: async () => 50,
  clock,
  metrics: predictorMetrics(new Registry()),
  assumed: new AssumedReplicas(clock),
  timeoutMs: 20_000,
  reuseMs: 20_000,
  lastGoodMs: 600_000,
  parallelism: 32,
});
const profile = buildProfile(
  { schedulerName: 'default' },
  new Map([...testPlugins(), ['Predictor', () => predictor(predictions, undefined)]]),
);

const results: object[] = [];
for (const size of sizes.length > 0 ? sizes : [100, 1000, 10_000]) {
  const before = heap();
  const fleet = Array.from({ length: size }, (_, index) => member(index));
  const index = ClusterIndex.of(fleet);
  const indexMiB = round((heap() - before) / 2 ** 20);
  await decide(index, wanting('dynamic', 'all', 0));
  for (const strategy of Object.keys(strategies) as (keyof typeof strategies)[]) {
    for (const reach of Object.keys(reaches) as (keyof typeof reaches)[]) {
      const first = await measure(index, i => wanting(strategy, reach, i));
      const placed = await Promise.all(
        Array.from({ length: 20 }, async (_, i) => {
          const asked = wanting(strategy, reach, i);
          return { ...asked, status: await decide(index, asked) };
        }),
      );
      const again = await measure(index, i => placed[i % placed.length] as Subscription);
      results.push({ clusters: size, strategy, reach, first, again });
    }
  }
  results.push({ clusters: size, fleetMiB: indexMiB, labelChange: labelChange(fleet, index) });
}
report('scheduler', { secondsEach: seconds, results });

function member(i: number): ManagedCluster {
  // Scattered over the zones.
  const chance = (Math.imul(i, 0x9e3779b1) >>> 16) % 20;
  const labels = Object.fromEntries(
    Array.from({ length: 10 }, (_, n) => [`node.clusternet.io/f${n}`, `${(i * (n + 1)) % 7}`]),
  );
  return cluster(`cluster-${String(i).padStart(5, '0')}`, {
    labels: {
      ...labels,
      'topology.kubernetes.io/zone': `z${i % 100}`,
      'topology.kubernetes.io/region': `r${i % 10}`,
    },
    ready: chance === 7 ? 'Unknown' : 'True',
    taints: chance === 13 ? [{ key: 'maintenance', effect: 'NoSchedule' }] : [],
  });
}

function wanting(
  strategy: keyof typeof strategies,
  reach: keyof typeof reaches,
  i: number,
): Subscription {
  const subscribers = [{ clusterAffinity: reaches[reach](i), weight }];
  return subscription(
    { ...strategies[strategy], subscribers },
    {},
    { name: `s-${i}`, uid: `${i}` },
  );
}

/** All that is worked out for one Subscription, up to the status that would be written. */
async function decide(clusters: ClusterIndex, subscription: Subscription) {
  const cycle: Cycle = {
    subscription,
    clusters,
    bound: new Set(subscription.status?.bindingClusters),
    inventory: inventoryOf(subscription, 200),
    notes: new Map(),
  };
  const chosen = place(profile, cycle, { deleted: new Set(), recentRemovals: 0 });
  const decision =
    subscription.spec.schedulingStrategy === 'Dividing' && !chosen.refusal
      ? await divideReplicas(profile, cycle, chosen, AbortSignal.timeout(60_000))
      : chosen;
  // The one cluster of a hundred may not be ready; anything else would be a mistake of ours.
  const { reason, message } = decision.refusal ?? { reason: 'NoFeasibleCluster' };
  if (reason !== 'NoFeasibleCluster') throw new Error(message);
  return statusAfter(subscription, decision, now);
}

async function measure(clusters: ClusterIndex, subscriptionOf: (i: number) => Subscription) {
  const samples: number[] = [];
  const begin = performance.now();
  const before = process.threadCpuUsage();
  for (let i = 0; performance.now() - begin < seconds * 1000; i++) {
    const asked = subscriptionOf(i);
    const start = performance.now();
    await decide(clusters, asked);
    samples.push(performance.now() - start);
  }
  const { user, system } = process.threadCpuUsage(before);
  const { p50, p99 } = summarise(samples);
  return { perSecond: Math.round(samples.length / ((user + system) / 1e6)), p50, p99 };
}

/** What one changed label of one cluster costs among 1,000 Subscriptions of a hundredth of the clusters each. */
function labelChange(fleet: readonly ManagedCluster[], index: ClusterIndex) {
  const informer = new StoreInformer(subscriptions, {
    freeze: false,
    onHandlerError: error => console.error(error),
  });
  indexSubscriptions(informer);
  for (let i = 0; i < 1000; i++) informer.upsert(wanting('replication', 'hundredth', i));
  const samples: number[] = [];
  let evaluated = 0;
  for (const old of fleet.slice(0, 50)) {
    const labels = { ...old.metadata.labels, 'topology.kubernetes.io/zone': 'z42' };
    const object = { ...old, metadata: { ...old.metadata, labels } };
    const start = performance.now();
    index.set(object);
    evaluated += affectedBy({ type: 'updated', old, object, initial: false }, informer).length;
    samples.push(performance.now() - start);
    index.set(fleet.find(each => keyOf(each) === keyOf(old)) ?? old);
  }
  return { subscriptions: 1000, evaluated: evaluated / 50, ms: summarise(samples) };
}

function heap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
