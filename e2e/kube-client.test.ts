import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { DynamicObject, KubeObject } from '../api/kube-object.ts';
import type { Resource } from '../api/resource.ts';
import { ControlPlane } from '../hack/local/control-plane.ts';
import { claimSlot } from '../hack/local/slot.ts';
import { ensureTools } from '../hack/local/tools.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../kube/api-error.ts';
import { builtin } from '../kube/builtin.ts';
import type { ConfigMap } from '../kube/builtin-kinds.ts';
import { KubeClient } from '../kube/client.ts';
import { parseJson } from '../kube/json.ts';
import { accessFromKubeconfig } from '../kube/kubeconfig-access.ts';
import { type ReflectorEvent, type ReflectorSink, reflect } from '../kube/reflector.ts';
import { ResourceDiscovery } from '../kube/resource-discovery.ts';
import { sleep } from '../kube/sleep.ts';
import { killProcess } from '../test/kill-process.ts';

const namespace = 'default';
const widgets: Resource<DynamicObject> = {
  group: 'example.com',
  version: 'v1',
  plural: 'widgets',
  kind: 'Widget',
  namespaced: true,
};
const widgetDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced' as const,
    names: { plural: 'widgets', kind: 'Widget' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        },
      },
    ],
  },
};

describe('the client against a real API server', function () {
  this.timeout(180_000);
  const cancel = new AbortController();
  let directory: string;
  let plane: ControlPlane;
  let client: KubeClient;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'clusternet-kube-client-'));
    const slot = await claimSlot({ owner: directory }, cancel.signal);
    const names = ['etcd', 'kube-apiserver', 'kube-controller-manager'] as const;
    const tools = await ensureTools(names, () => undefined, cancel.signal);
    plane = new ControlPlane({ name: 'kube-client', slot, directory, tools });
    await plane.start(cancel.signal);
    client = new KubeClient(await accessFromKubeconfig({ path: plane.kubeconfigPath }));
  });

  after(async () => {
    cancel.abort();
    await client?.access.close();
    await plane?.stop();
    plane?.slot.release();
    await rm(directory, { recursive: true, force: true });
  });

  const configMap = (name: string, data: Record<string, string> = {}): ConfigMap => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace, name },
    data,
  });

  it('creates, reads, replaces, patches and deletes', async () => {
    const created = await client.create(builtin.configMaps, configMap('crud', { a: '1' }));
    await assert.rejects(client.create(builtin.configMaps, configMap('crud')), isAlreadyExists);
    const replaced = await client.replace(builtin.configMaps, { ...created, data: { b: '2' } });
    assert.deepEqual(replaced.data, { b: '2' });
    await assert.rejects(client.replace(builtin.configMaps, created), isConflict);
    const key = { namespace, name: 'crud' };
    const patch = { type: 'merge', body: { data: { b: null, c: '3' } } } as const;
    assert.deepEqual((await client.patch(builtin.configMaps, key, patch)).data, { c: '3' });
    await assert.rejects(client.delete(builtin.configMaps, key, { uid: 'another' }), isConflict);
    await client.delete(builtin.configMaps, key, { uid: created.metadata.uid });
    await client.delete(builtin.configMaps, key);
    await assert.rejects(client.get(builtin.configMaps, key), isNotFound);
    assert.equal(await client.find(builtin.configMaps, key), undefined);
  });

  it('names the manager that owns a field when an apply conflicts, and takes it over by force', async () => {
    const mine = configMap('shared', { owner: 'first' });
    await client.apply(builtin.configMaps, mine, { fieldManager: 'first' });
    const theirs = configMap('shared', { owner: 'second' });
    const apply = (force: boolean) =>
      client.apply(builtin.configMaps, theirs, { fieldManager: 'second', force });
    await assert.rejects(apply(false), error => {
      assert.ok(isConflict(error));
      assert.match(error.message, /"first"/);
      return true;
    });
    assert.deepEqual((await apply(true)).data, { owner: 'second' });
  });

  it('writes the status apart from the rest', async () => {
    await client.apply(builtin.customResourceDefinitions, widgetDefinition, {
      fieldManager: 'test',
    });
    const discovery = new ResourceDiscovery(client);
    const type = { apiVersion: 'example.com/v1', kind: 'Widget' };
    await eventually(async () => (await discovery.resourceFor(type)) !== undefined);
    assert.deepEqual(await discovery.resourceFor(type), widgets);
    const key = { namespace, name: 'one' };
    const object = { ...type, metadata: key, spec: { size: 1 }, status: { ignored: true } };
    await client.create(widgets, object);
    const patch = { type: 'merge', body: { spec: { size: 2 }, status: { seen: true } } } as const;
    const written = await client.patch(widgets, key, patch, { subresource: 'status' });
    assert.deepEqual([written.spec, written.status], [{ size: 1 }, { seen: true }]);
  });

  it('brings any JSON object through apply and get unchanged', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 20 });
    const { json } = fc.letrec(tie => ({
      json: fc.oneof(
        { maxDepth: 3 },
        text,
        fc.boolean(),
        fc.maxSafeInteger(),
        fc.double({ noDefaultInfinity: true, noNaN: true }).filter(each => !Object.is(each, -0)),
        fc.array(tie('json'), { maxLength: 4 }),
        fc.dictionary(text, tie('json'), { maxKeys: 4, noNullPrototype: true }),
      ),
    }));
    await fc.assert(
      fc.asyncProperty(json, async any => {
        // A new object each time: what the server makes of a field that lost its last key is a null of its own.
        const metadata = { namespace, name: `any-${randomUUID()}` };
        const object = { apiVersion: 'example.com/v1', kind: 'Widget', metadata, any };
        const wanted = parseJson(JSON.stringify(any));
        const applied = await client.apply(widgets, object, { fieldManager: 'test', force: true });
        assert.deepEqual(applied.any, wanted);
        const read = await client.get(widgets, metadata);
        assert.deepEqual(read.any, wanted);
        assert.equal(read.metadata.uid, applied.metadata.uid);
      }),
      // A whole number beyond 2^53, written as such, is one that only its digits can tell.
      { numRuns: 60, examples: [[[-493_847_152_682_692_440_000]]] },
    );
  });

  it('keeps the digits of a large integer', async () => {
    const metadata = { namespace, name: 'large' };
    const path = '/apis/example.com/v1/namespaces/default/widgets';
    const head = '{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"large"}';
    const headers = { 'content-type': 'application/json' };
    const body = `${head},"number":9007199254740993}`;
    await client.requestJson({ method: 'POST', path, headers, body });
    const read = await client.get(widgets, metadata);
    assert.match(JSON.stringify(await client.replace(widgets, read)), /"number":9007199254740993/);
  });

  it('reads a list page by page, at one version', async () => {
    const names = Array.from({ length: 7 }, (_, index) => `page-${index}`);
    for (const name of names) {
      const object = configMap(name);
      const labels = { pages: 'yes' };
      await client.create(builtin.configMaps, {
        ...object,
        metadata: { ...object.metadata, labels },
      });
    }
    const selection = { namespace, labelSelector: 'pages=yes', limit: 3 };
    const first = await client.list(builtin.configMaps, selection);
    assert.equal(first.items.length, 3);
    await client.delete(builtin.configMaps, { namespace, name: 'page-6' });
    const second = await client.list(builtin.configMaps, {
      ...selection,
      continue: first.metadata.continue,
    });
    const third = await client.list(builtin.configMaps, {
      ...selection,
      continue: second.metadata.continue,
    });
    const all = [...first.items, ...second.items, ...third.items];
    assert.deepEqual(
      all.map(each => each.metadata.name),
      names,
    );
    assert.equal(third.metadata.continue, undefined);
    assert.equal(first.metadata.resourceVersion, third.metadata.resourceVersion);
    assert.equal((await client.listAll(builtin.configMaps, selection)).length, 6);
  });

  it('follows a collection by WatchList, and through the death of the API server', async () => {
    const stop = new AbortController();
    const seen = new Names();
    const happened: ReflectorEvent['type'][] = [];
    const options = {
      namespace,
      labelSelector: 'followed=yes',
      onEvent: (event: ReflectorEvent) => happened.push(event.type),
    };
    const followed = (name: string) => ({
      ...configMap(name),
      metadata: { namespace, name, labels: { followed: 'yes' } },
    });
    await client.create(builtin.configMaps, followed('before'));
    const reflecting = reflect(client, builtin.configMaps, options, seen, stop.signal);
    await eventually(() => seen.has('before'));
    await client.create(builtin.configMaps, followed('during'));
    await eventually(() => seen.has('during'));

    const server = plane.processes.find(each => each.record.what.endsWith('apiserver'));
    killProcess(server?.record.pid);
    await eventually(() => happened.includes('failed'));
    await plane.stop();
    await plane.start(cancel.signal);
    await client.create(builtin.configMaps, followed('after'));
    await client.delete(builtin.configMaps, { namespace, name: 'before' });
    await eventually(() => seen.has('after') && !seen.has('before'));
    assert.equal(happened.filter(type => type === 'filled').length, 1, 'it resumed');

    const stoppedAt = performance.now();
    stop.abort();
    await reflecting;
    assert.ok(performance.now() - stoppedAt < 500);
  });
});

/** Holds the names of what a reflector shows. */
class Names implements ReflectorSink<KubeObject> {
  readonly #names = new Set<string>();
  upsert(object: KubeObject) {
    this.#names.add(object.metadata.name ?? '');
  }
  remove(object: KubeObject) {
    this.#names.delete(object.metadata.name ?? '');
  }
  startReplace() {
    this.#names.clear();
  }
  endReplace() {
    // Cleared at the start: these tests look only at settled states.
  }
  has(name: string) {
    return this.#names.has(name);
  }
}

async function eventually(check: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await check())) {
    if (performance.now() > deadline) assert.fail(`not within 30 s: ${check}`);
    await sleep(50);
  }
}
