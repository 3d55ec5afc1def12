import { type Subscription, subscriptions } from '../api/apps/subscription.ts';
import { managedClusters } from '../api/clusters/managed-cluster.ts';
import { namespaces } from '../api/well-known.ts';
import { applyAll, kubeconfigOf, prepareForHub } from '../e2e/hub-process.ts';
import { startTestCluster, type TestCluster } from '../hack/local/test-cluster.ts';
import { builtin } from '../kube/builtin.ts';
import { reflect } from '../kube/reflector.ts';
import { identityObjects } from '../manifests/identity.ts';
import { schedulerIdentity } from '../manifests/scheduler.ts';
import { InTurn } from '../scheduler/predict/in-turn.ts';
import { cluster as clusterObject, subscription } from '../test/scheduling-objects.ts';
import { Moments } from './moments.ts';
import { round, summarise } from './samples.ts';
import { SchedulerProcess } from './scheduler-process.ts';
import { sumOfMetric } from './sum-of-metric.ts';
import { report } from './test-bed.ts';

/**
 * The scheduler end to end, without a hub: objects in a real API server, one scheduler process, Subscriptions of strategy
 * Replication for all clusters. From the creation of a Subscription until a watch sees it bound, and how fast Subscriptions
 * are bound that were there before the scheduler; the floor of the same run is a PATCH of the same bytes to
 * the status of as many others. `restart` is what a restart with nothing to do costs, and a change of a label.
 * Arguments: numbers of clusters, or `restart` (100 1000 10000 restart).
 */
const [...asked] = process.argv.slice(2);
const namespace = 'fleet';
/** As many writes at a time as the scheduler has. */
const concurrency = 32;
const withinMs = 240_000;
const stop = new AbortController();
const { signal } = stop;

const results: object[] = [];
for (const each of asked.length > 0 ? asked : ['100', '1000', '10000', 'restart']) {
  results.push(each === 'restart' ? await restart(1000, 5000) : await decisions(Number(each)));
}
stop.abort();
report('scheduling', { concurrency, results });

async function decisions(size: number): Promise<object> {
  await using parent = await fleetOf(size);
  const { client } = parent;
  const count = size >= 10_000 ? 50 : 1000;
  const bound = new Moments();
  const watching = new AbortController();
  const watch = watchBound(parent, bound, watching.signal);

  await each(count, i => client.create(subscriptions, wanting(`backlog-${i}`, {})));
  const kubeconfig = await kubeconfigOf(parent, schedulerIdentity.name);
  const scheduler = await SchedulerProcess.start(kubeconfig);
  const ready = performance.now();
  const last = await Promise.all(
    Array.from({ length: count }, (_, i) => bound.when(`backlog-${i}`, withinMs)),
  );
  const backlog = count / ((Math.max(...last) - ready) / 1000);

  const begin = performance.now();
  const samples: number[] = [];
  await each(count, async i => {
    const created = performance.now();
    await client.create(subscriptions, wanting(`live-${i}`, {}));
    samples.push((await bound.when(`live-${i}`, withinMs)) - created);
  });
  const live = count / ((performance.now() - begin) / 1000);
  await scheduler.kill();
  watching.abort();
  await watch;

  const example = await client.get(subscriptions, { namespace, name: 'live-0' });
  const floor = await rawPatches(parent, count, example);
  return {
    clusters: size,
    subscriptions: count,
    objectKiB: round(JSON.stringify(example).length / 1024),
    backlog: { perSecond: round(backlog), ofFloor: round(backlog / floor) },
    live: { perSecond: round(live), ofFloor: round(live / floor), ms: summarise(samples) },
    floor: { perSecond: round(floor) },
  };
}

/** PATCHes of what the scheduler wrote, per second. */
async function rawPatches({ client }: TestCluster, count: number, { status }: Subscription) {
  const targets: Subscription[] = [];
  await each(count, async i => {
    const object = wanting(`floor-${i}`, { schedulerName: 'nobody' });
    targets.push(await client.create(subscriptions, object));
  });
  const begin = performance.now();
  await each(count, async i => {
    const { name = '', resourceVersion } = targets[i]?.metadata ?? {};
    const body = { metadata: { resourceVersion }, status };
    const options = { fieldManager: schedulerIdentity.name, subresource: 'status' };
    await client.patch(subscriptions, { namespace, name }, { type: 'merge', body }, options);
  });
  return count / ((performance.now() - begin) / 1000);
}

/** Each Subscription is bound to a hundredth of the clusters. */
async function restart(size: number, count: number): Promise<object> {
  await using parent = await fleetOf(size);
  const { client } = parent;
  const zone = (i: number) => ({ matchLabels: { 'topology.kubernetes.io/zone': `z${i % 100}` } });
  await each(count, i =>
    client.create(
      subscriptions,
      wanting(`s-${i}`, { subscribers: [{ clusterAffinity: zone(i) }] }),
    ),
  );
  const kubeconfig = await kubeconfigOf(parent, schedulerIdentity.name);
  const first = await SchedulerProcess.start(kubeconfig);
  // Each is looked at once more when its own binding comes back.
  await first.idle(2 * count);
  await first.kill();
  const all = await client.listAll(subscriptions, { namespace });
  const bindings = all.reduce((n, { status }) => n + (status?.bindingClusters?.length ?? 0), 0);

  const before = await mutatingCalls(parent);
  const begin = performance.now();
  const second = await SchedulerProcess.start(kubeconfig);
  const looks = await second.idle(count);
  const seconds = (performance.now() - begin) / 1000;
  const calls = (await mutatingCalls(parent)) - before;

  const label = { metadata: { labels: { 'example.com/rack': 'r1' } } };
  const key = { namespace, name: clusterName(0) };
  const since = await mutatingCalls(parent);
  await client.patch(managedClusters, key, { type: 'merge', body: label });
  const later = await second.idle(looks + count / 100);
  const labelChange = {
    evaluated: later - looks,
    // Ours, of the label, is none of its.
    mutatingCalls: (await mutatingCalls(parent)) - since - 1,
  };
  await second.kill();
  return {
    restart: {
      clusters: size,
      subscriptions: count,
      bindings,
      seconds: round(seconds),
      looks,
      calls,
    },
    labelChange: { subscriptions: count, selecting: count / 100, ...labelChange },
  };
}

/** Writes the API server has taken from anybody, but for Leases. */
async function mutatingCalls({ client }: TestCluster): Promise<number> {
  const { body } = await client.request({ method: 'GET', path: '/metrics' });
  const text = await body.text();
  const name = 'apiserver_request_total';
  return ['POST', 'PUT', 'PATCH', 'APPLY', 'DELETE'].reduce(
    (sum, verb) =>
      sum +
      sumOfMetric(text, name, { verb }) -
      sumOfMetric(text, name, { verb, resource: 'leases' }),
    0,
  );
}

async function fleetOf(size: number): Promise<TestCluster> {
  const parent = await startTestCluster({ name: 'scheduling' }, signal);
  await prepareForHub(parent, signal);
  await applyAll(parent, identityObjects(schedulerIdentity, namespaces.system), signal);
  const home = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
  await parent.client.create(builtin.namespaces, home, signal);
  await each(size, async i => {
    const { status, ...object } = clusterObject(clusterName(i), {
      labels: {
        'topology.kubernetes.io/zone': `z${i % 100}`,
        'topology.kubernetes.io/region': `r${i % 10}`,
      },
    });
    const metadata = { ...object.metadata, namespace };
    await parent.client.create(managedClusters, { ...object, metadata });
    const key = { namespace, name: clusterName(i) };
    const patch = { type: 'merge', body: { status } } as const;
    await parent.client.patch(managedClusters, key, patch, { subresource: 'status' });
  });
  return parent;
}

function clusterName(i: number): string {
  return `cluster-${String(i).padStart(5, '0')}`;
}

function wanting(name: string, spec: Partial<Subscription['spec']>): Subscription {
  const { status: _, ...object } = subscription({
    subscribers: [{ clusterAffinity: {} }],
    ...spec,
  });
  return { ...object, metadata: { namespace, name } };
}

/** Notes when each Subscription was first seen bound. */
function watchBound({ client }: TestCluster, bound: Moments, until: AbortSignal): Promise<void> {
  const sink = {
    upsert: ({ metadata, status }: Subscription) => {
      if (status?.bindingClusters?.length) bound.note(metadata.name ?? '');
    },
    remove: () => {},
    startReplace: () => {},
    endReplace: () => {},
  };
  return reflect(client, subscriptions, { namespace }, sink, until);
}

/** Does it for 0 up to `count`, some at a time. */
async function each(count: number, work: (i: number) => Promise<unknown>): Promise<void> {
  const turns = new InTurn(concurrency);
  await Promise.all(Array.from({ length: count }, (_, i) => turns.run(() => work(i))));
}
