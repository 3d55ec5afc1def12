import { type Manifest, manifests } from '../api/apps/manifest.ts';
import { type Subscription, subscriptions } from '../api/apps/subscription.ts';
import { builtin } from '../kube/builtin.ts';
import { reflect } from '../kube/reflector.ts';
import { sleep } from '../kube/sleep.ts';
import { Moments } from './moments.ts';
import { round, summarise } from './samples.ts';
import { type Child, openTestBed, report, type TestBed } from './test-bed.ts';

/**
 * Subscription created → object in the child, and Manifest changed → object changed in the child, in milliseconds.
 * The floor of the same run is a plain create of the same object in the child, seen by the same watch. Before each of them there is a
 * rest, so that what the one before leaves to be done (statuses, events) is not counted to it.
 */
const rounds = Number(process.argv[2] ?? 50);
const restMs = 250;
const stop = new AbortController();
await using bed = await openTestBed();
if (bed.children.length === 0) throw new Error('the test bed has no children');

const arrivals = new Moments();
const watches = bed.children.map(child => watch(child));

const result: Record<string, unknown> = { rounds };
for (const count of [1, bed.children.length]) {
  const children = bed.children.slice(0, count);
  const create: number[] = [];
  const update: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const sample = await deliver(bed, children, `bench-${count}-${round}`);
    create.push(sample.create);
    update.push(sample.update);
  }
  result[`children${count}`] = { create: summarise(create), update: summarise(update) };
}
const floor: number[] = [];
for (let round = 0; round < rounds; round++)
  floor.push(await direct(bed.children[0] as Child, `bench-floor-${round}`));
result.floorDirectCreate = summarise(floor);
stop.abort();
await Promise.allSettled(watches);
report('delivery', result);

async function deliver({ parent }: TestBed, children: readonly Child[], name: string) {
  await parent.create(manifests, manifest(name, 'first'), stop.signal);
  await sleep(restMs);
  const created = performance.now();
  const subscription = await parent.create(
    subscriptions,
    subscriptionFor(name, children),
    stop.signal,
  );
  const create = (await seen(children, name, 'first')) - created;
  await sleep(restMs);
  const changed = performance.now();
  const key = { namespace: 'clusternet-reserved', name: `configmaps.default.${name}` };
  await parent.patch(
    manifests,
    key,
    { type: 'merge', body: { template: { data: { version: 'second' } } } },
    {},
    stop.signal,
  );
  const update = (await seen(children, name, 'second')) - changed;
  await parent.delete(
    subscriptions,
    { namespace: 'default', name },
    { uid: subscription.metadata.uid },
    stop.signal,
  );
  await seen(children, name, 'gone');
  await parent.delete(manifests, key, {}, stop.signal);
  return { create: round(create), update: round(update) };
}

async function direct(child: Child, name: string): Promise<number> {
  await sleep(restMs);
  const begin = performance.now();
  const object = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'default', name },
    data: { version: 'first' },
  };
  await child.client.create(builtin.configMaps, object, stop.signal);
  const end = await seen([child], name, 'first');
  await child.client.delete(builtin.configMaps, { namespace: 'default', name }, {}, stop.signal);
  return round(end - begin);
}

/** When the last of the children showed the version. */
async function seen(children: readonly Child[], name: string, version: string): Promise<number> {
  const times = children.map(child => arrivals.when(`${child.name}/${name}/${version}`, 60_000));
  return Math.max(...(await Promise.all(times)));
}

function watch(child: Child): Promise<void> {
  const note = (name: string | undefined, version: string | undefined) =>
    arrivals.note(`${child.name}/${name}/${version}`);
  const sink = {
    upsert: (object: { metadata: { name?: string }; data?: Readonly<Record<string, string>> }) =>
      note(object.metadata.name, object.data?.version),
    remove: (object: { metadata: { name?: string } }) => note(object.metadata.name, 'gone'),
    startReplace: () => {},
    endReplace: () => {},
  };
  return reflect(child.client, builtin.configMaps, { namespace: 'default' }, sink, stop.signal);
}

function manifest(name: string, version: string): Manifest {
  return {
    apiVersion: 'apps.clusternet.io/v1alpha1',
    kind: 'Manifest',
    metadata: { namespace: 'clusternet-reserved', name: `configmaps.default.${name}` },
    template: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: 'default', name },
      data: { version },
    },
  };
}

function subscriptionFor(name: string, children: readonly Child[]): Subscription {
  return {
    apiVersion: 'apps.clusternet.io/v1alpha1',
    kind: 'Subscription',
    metadata: { namespace: 'default', name },
    spec: {
      subscribers: children.map(child => ({
        clusterAffinity: { matchLabels: { 'clusters.clusternet.io/cluster-id': child.id } },
      })),
      feeds: [{ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name }],
    },
  };
}
