import assert from 'node:assert/strict';
import { type Description, descriptions } from '../../api/apps/description.ts';
import type { DynamicObject, KubeObject } from '../../api/kube-object.ts';
import { annotations, finalizers, namespaces } from '../../api/well-known.ts';
import { builtin } from '../../kube/builtin.ts';
import { type Clock, systemClock } from '../../reconcile/clock.ts';
import { runController } from '../../reconcile/controller.ts';
import { createLogger } from '../../reconcile/logger.ts';
import { createRuntime, type Runtime } from '../../reconcile/runtime.ts';
import { eventually } from '../../test/eventually.ts';
import { FakeApiServer } from '../../test/fake-api-server.ts';
import { FakeClock } from '../../test/fake-clock.ts';
import { descriptionController } from './description-controller.ts';

const namespace = 'clusternet-x';

const configMap = (name: string, data: object = { k: 'v' }, inNamespace = 'shop') => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: inNamespace },
  data,
});
const shop = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };

describe('the apply controller', () => {
  let child: FakeApiServer;
  let parent: FakeApiServer;
  let stop: AbortController;
  let running: Promise<void>;

  beforeEach(async () => {
    [child, parent] = await Promise.all([new FakeApiServer().start(), new FakeApiServer().start()]);
    child.serve(builtin.configMaps, builtin.namespaces, builtin.deployments);
    start();
  });

  afterEach(async () => {
    await halt();
    await Promise.all([child.close(), parent.close()]);
  });

  function start(isParent = false, clock: Clock = systemClock) {
    stop = new AbortController();
    const runtimeOf = (server: FakeApiServer) =>
      createRuntime({
        access: server.access(),
        component: 'clusternet-agent',
        instance: 'test',
        logger: createLogger('test', { write: () => true }),
        clock,
      });
    running = run(runtimeOf(parent), runtimeOf(child), isParent);
  }

  async function run(inParent: Runtime, inChild: Runtime, isParent: boolean) {
    const controller = descriptionController({
      parent: inParent,
      namespace,
      child: inChild.client,
      deployer: inChild,
      isParent,
    });
    inParent.cache.start(stop.signal);
    inChild.cache.start(stop.signal);
    await runController(controller, inParent, stop.signal);
    await inParent.events.flush();
    await Promise.all([inParent.cache.stopped(), inChild.cache.stopped()]);
  }

  async function halt() {
    stop.abort();
    await running;
  }

  const raw = (objects: readonly object[]) =>
    objects.map(object => Buffer.from(JSON.stringify(object)).toString('base64'));

  function deliver(name: string, objects: readonly object[], marks: Record<string, string> = {}) {
    const known = parent.objects.get(descriptions, { namespace, name });
    return parent.objects.put(descriptions, {
      ...known,
      apiVersion: 'apps.clusternet.io/v1alpha1',
      kind: 'Description',
      metadata: {
        namespace,
        name,
        finalizers: [finalizers.apps],
        ...known?.metadata,
        generation: (known?.metadata.generation ?? 0) + 1,
        annotations: marks,
      },
      spec: { deployer: 'Generic', raw: raw(objects) },
    });
  }

  async function withdraw(name: string) {
    const target = { group: 'apps.clusternet.io', version: 'v1alpha1', plural: 'descriptions' };
    parent.objects.delete({ ...target, namespace, name }, {});
  }

  const find = (name: string): Description | undefined =>
    parent.objects.get(descriptions, { namespace, name });
  const live = (name: string, inNamespace = 'shop') =>
    child.objects.get(builtin.configMaps, { namespace: inNamespace, name });
  const inventory = (description: KubeObject | undefined) =>
    child.objects.get(builtin.configMaps, {
      namespace: namespaces.system,
      name: `applied-${description?.metadata.uid}`,
    });
  const settled = (name: string, phase: string) =>
    eventually(
      () => {
        const { status, metadata } = find(name) ?? {};
        const [condition] = status?.conditions ?? [];
        const current = condition?.observedGeneration === metadata?.generation;
        return status?.phase === phase && current ? find(name) : undefined;
      },
      { describe: `${name} ${phase}` },
    );

  it('applies what it is given and tells how it is', async () => {
    deliver('app', [configMap('a'), shop]);
    const done = await settled('app', 'Success');
    assert.deepEqual(live('a')?.data, { k: 'v' });
    const marks = live('a')?.metadata;
    assert.equal(marks?.annotations?.[annotations.ownedByDescription], 'clusternet-x.app');
    assert.deepEqual(
      done.status?.manifestStatuses?.map(({ kind, name }) => `${kind} ${name}`),
      ['ConfigMap a', 'Namespace shop'],
    );
    const applied = child.writes().filter(({ path }) => !path.includes('/applied-'));
    assert.match(applied[0]?.path ?? '', /namespaces\/shop$/, 'the namespace goes first');
  });

  it('notes what it will apply before it applies it', async () => {
    const description = deliver('app', [configMap('a')]);
    await settled('app', 'Success');
    const [first, second] = child.writes();
    assert.match(first?.path ?? '', new RegExp(`applied-${description.metadata.uid}$`));
    assert.match(second?.path ?? '', /configmaps\/a$/);
    assert.ok(inventory(description)?.data?.objects?.includes(live('a')?.metadata.uid ?? 'no uid'));
  });

  it('prunes what a new generation no longer has, and nothing else', async () => {
    child.objects.put(builtin.configMaps, configMap('theirs'));
    deliver('app', [configMap('a'), configMap('b')]);
    await settled('app', 'Success');
    deliver('app', [configMap('b', { k: 'new' })]);
    await eventually(() => live('a') === undefined);
    assert.deepEqual((await eventually(() => live('b')))?.data, { k: 'new' });
    assert.ok(live('theirs'));
    await eventually(() => !inventory(find('app'))?.data?.objects?.includes('"a"'));
  });

  it('prunes nothing while one of the objects cannot be read', async () => {
    deliver('app', [configMap('a'), configMap('b')]);
    await settled('app', 'Success');
    const known = find('app') as Description;
    parent.objects.put(descriptions, {
      ...known,
      metadata: { ...known.metadata, generation: 2 },
      spec: { deployer: 'Generic', raw: [...raw([configMap('b')]), 'not base64 json'] },
    });
    const failed = await settled('app', 'Failure');
    assert.equal(failed.status?.reason, 'Malformed');
    assert.ok(live('a'));
  });

  it('deletes by UID what it applied once the Description is deleted, and only then', async () => {
    const description = deliver('app', [configMap('a'), shop]);
    await settled('app', 'Success');
    await withdraw('app');
    await eventually(() => find('app') === undefined, { describe: 'finalizer removed' });
    assert.equal(live('a'), undefined);
    assert.equal(inventory(description), undefined);
    const deletions = child.writes().filter(({ method }) => method === 'DELETE');
    assert.deepEqual(
      [...new Set(deletions.map(({ path }) => path.split('/').slice(-2).join('/')))],
      ['configmaps/a', 'namespaces/shop', `configmaps/applied-${description.metadata.uid}`],
    );
    assert.ok(JSON.parse(deletions[0]?.body ?? '{}').preconditions.uid);
  });

  it('keeps everything when a Description vanishes without a recorded deletion', async () => {
    deliver('app', [configMap('a')]);
    await settled('app', 'Success');
    parent.objects.remove(descriptions, { namespace, name: 'app' });
    deliver('other', [configMap('b')]);
    await settled('other', 'Success');
    assert.ok(live('a'));
    assert.ok(!child.writes().some(({ method }) => method === 'DELETE'));
  });

  it('keeps everything when the hub fails or forgets while the agent starts anew', async () => {
    const description = deliver('app', [configMap('a')]);
    await settled('app', 'Success');
    await halt();
    parent.objects.remove(descriptions, { namespace, name: 'app' });
    start();
    deliver('other', [configMap('b')]);
    await settled('other', 'Success');
    assert.ok(live('a'));
    assert.ok(inventory(description));
  });

  it('undoes what others change or delete of its fields, and leaves other fields alone', async () => {
    deliver('app', [configMap('a')]);
    await settled('app', 'Success');
    const target = { group: '', version: 'v1', plural: 'configmaps', namespace: 'shop', name: 'a' };
    const editor = { manager: 'kubectl', operation: 'Update' } as const;
    const data = { k: 'hacked', extra: 'theirs' };
    child.objects.update(target, object => ({ ...object, data }), editor);
    await eventually(() => live('a')?.data?.k === 'v', { describe: 'repaired' });
    assert.equal(live('a')?.data?.extra, 'theirs');
    child.objects.remove(builtin.configMaps, { namespace: 'shop', name: 'a' });
    await eventually(() => live('a'), { describe: 'brought back' });
  });

  it('brings an object back that is deleted the moment it is there', async () => {
    let deletions = 0;
    child.objects.listen(({ type, object }) => {
      const isNew = type === 'ADDED' && object.metadata.name === 'a';
      if (!isNew || ++deletions > 2) return;
      child.objects.remove(builtin.configMaps, { namespace: 'shop', name: 'a' });
    });
    deliver('app', [configMap('a')]);
    await eventually(() => deletions > 2, { withinMs: 9_000, describe: 'brought back twice' });
    await eventually(() => live('a'));
  });

  it('writes nothing at rest, nor when started anew', async () => {
    deliver('app', [configMap('a'), shop]);
    await settled('app', 'Success');
    await halt();
    const versions = [child.objects.version, parent.objects.version];
    const requests = parent.writes().length;
    start();
    const isSynced = () => child.requests.filter(({ method }) => method === 'PATCH').length >= 2;
    await eventually(isSynced);
    await halt();
    assert.deepEqual([child.objects.version, parent.objects.version], versions);
    assert.equal(parent.writes().length, requests);
  });

  it('reports a refused object with the missing right and applies the others', async () => {
    child.failNext({ method: 'PATCH', path: /configmaps\/a\b/, with: 403, times: 100 });
    deliver('app', [configMap('a'), configMap('b')]);
    const failed = await settled('app', 'Failure');
    assert.ok(live('b'));
    assert.match(failed.status?.conditions?.[0]?.message ?? '', /1 of 2|ConfigMap shop\/a/);
    child.recover();
    deliver('app', [configMap('a'), configMap('b')]);
    await settled('app', 'Success');
  });

  it('goes, although it names an object that it may not even look at', async () => {
    child.failNext({ path: /configmaps\/a\b/, with: 403, times: 1_000 });
    const description = deliver('app', [configMap('a'), configMap('b')]);
    await settled('app', 'Failure');
    const noted = () => inventory(description)?.data?.objects ?? '';
    await eventually(() => noted().includes('"name":"b"') && !noted().includes('"name":"a"'));
    await withdraw('app');
    await eventually(() => find('app') === undefined, { describe: 'finalizer removed' });
    assert.equal(live('b'), undefined);
  });

  for (const code of [403, 404, 422]) {
    it(`tries an object that the cluster refuses with ${code} again every half minute, and says so once`, async () => {
      await halt();
      const clock = new FakeClock();
      start(false, clock);
      child.failNext({ with: code, method: 'PATCH', path: /configmaps\/a\b/, times: 100 });
      deliver('app', [configMap('a')]);
      await settled('app', 'Failure');
      const tries = () => child.writes().filter(({ path }) => /configmaps\/a$/.test(path)).length;
      const passASecond = async () => {
        await clock.advance(1_000);
        return tries() === 4;
      };
      await eventually(passASecond, { withinMs: 9_000 });
      assert.ok(clock.monotonic() >= 90_000, `three more tries in ${clock.monotonic()} ms`);
      assert.equal(parent.writes().filter(({ path }) => path.endsWith('/status')).length, 1);
      child.recover();
      await eventually(async () => {
        await clock.advance(1_000);
        return find('app')?.status?.phase === 'Success';
      });
      assert.ok(live('a'));
    });
  }

  it('names the other Description when two want the same object', async () => {
    deliver('first', [configMap('a', { from: 'first' })]);
    await settled('first', 'Success');
    deliver('second', [configMap('a', { from: 'second' })]);
    const failed = await settled('second', 'Failure');
    assert.equal(failed.status?.reason, 'Conflict');
    assert.match(failed.status?.conditions?.[0]?.message ?? '', /Description clusternet-x\.first/);
    assert.deepEqual(live('a')?.data, { from: 'first' });
    await withdraw('second');
    await eventually(() => find('second') === undefined);
    assert.deepEqual(live('a')?.data, { from: 'first' });
  });

  it('does not overwrite what was there before, until it may adopt it', async () => {
    const target = { group: '', version: 'v1', plural: 'configmaps', namespace: 'shop', name: 'a' };
    const writer = { manager: 'kubectl', operation: 'Update' } as const;
    child.objects.create(target, configMap('a', { k: 'theirs' }) as DynamicObject, writer);
    deliver('app', [configMap('a')]);
    const failed = await settled('app', 'Failure');
    assert.equal(failed.status?.reason, 'Conflict');
    assert.deepEqual(live('a')?.data, { k: 'theirs' });
    deliver('app', [configMap('a')], { [annotations.adopt]: 'true' });
    await settled('app', 'Success');
    assert.deepEqual(live('a')?.data, { k: 'v' });
  });

  it('leaves in place, without its marks, what was there before it', async () => {
    child.objects.put(builtin.namespaces, shop);
    deliver('app', [shop, configMap('a')]);
    await settled('app', 'Success');
    await withdraw('app');
    await eventually(() => find('app') === undefined);
    const left = child.objects.get(builtin.namespaces, { name: 'shop' });
    assert.ok(left);
    assert.equal(left.metadata.annotations?.[annotations.ownedByDescription], undefined);
    assert.equal(live('a'), undefined);
  });

  it('keeps a namespace that another Description still lives in', async () => {
    deliver('base', [shop]);
    deliver('app', [configMap('a')]);
    await Promise.all([settled('base', 'Success'), settled('app', 'Success')]);
    await withdraw('base');
    await eventually(() => find('base') === undefined);
    assert.ok(child.objects.get(builtin.namespaces, { name: 'shop' }));
  });

  it('refuses to touch what the parent itself is made of', async () => {
    await halt();
    start(true);
    deliver('app', [configMap('a', {}, 'clusternet-system'), configMap('b')]);
    const failed = await settled('app', 'Failure');
    assert.equal(failed.status?.reason, 'Protected');
    assert.equal(live('a', 'clusternet-system'), undefined);
    assert.ok(live('b'));
  });

  it('says that it does not install charts', async () => {
    parent.objects.put(descriptions, {
      apiVersion: 'apps.clusternet.io/v1alpha1',
      kind: 'Description',
      metadata: { namespace, name: 'chart', generation: 1 },
      spec: { deployer: 'Helm' },
    });
    assert.equal((await settled('chart', 'Failure')).status?.reason, 'Unsupported');
  });
});
