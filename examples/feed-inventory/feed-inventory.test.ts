import assert from 'node:assert/strict';
import { Registry } from 'prom-client';
import { feedInventories } from '../../api/apps/feed-inventory.ts';
import { manifests } from '../../api/apps/manifest.ts';
import { subscriptions } from '../../api/apps/subscription.ts';
import { manifestController } from '../../hub/deliver/manifest-controller.ts';
import { builtin } from '../../kube/builtin.ts';
import { runController } from '../../reconcile/controller.ts';
import { createLogger } from '../../reconcile/logger.ts';
import { createRuntime } from '../../reconcile/runtime.ts';
import { eventually } from '../../test/eventually.ts';
import { startFakeApiServer } from '../../test/fake-api-server.ts';
import { subscription } from '../../test/scheduling-objects.ts';
import { externalInventoryController } from './feed-inventory.ts';

const farm = { apiVersion: 'example.com/v1', kind: 'Farm', namespace: 'qux', name: 'north' };
const config = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'qux', name: 'north' };

describe('a feed-inventory controller of somebody else', () => {
  it('finds Manifests by the labels the hub gives them, and writes what it knows of its kinds', async () => {
    await using server = await startFakeApiServer();
    const stop = new AbortController();
    const runtime = createRuntime({
      access: server.access(),
      component: 'external-feed-inventory',
      instance: 'test',
      metrics: new Registry(),
      logger: createLogger('test', { write: () => true }),
    });
    const put = ({ apiVersion, kind, ...metadata }: typeof farm, spec: object) =>
      server.objects.put(manifests, {
        metadata: { namespace: 'clusternet-reserved', name: kind.toLowerCase() },
        template: { apiVersion, kind, metadata, spec },
      });
    const feeds = () =>
      server.objects.get(feedInventories, { namespace: 'default', name: 'app' })?.spec.feeds;
    put(farm, { barns: 3, cowsPerBarn: 2 });
    const spec = { schedulingStrategy: 'Dividing', feeds: [config, farm] } as const;
    server.objects.put(subscriptions, subscription(spec));
    const controllers = [
      manifestController(runtime, 'clusternet-reserved'),
      externalInventoryController(runtime),
    ];
    runtime.cache.start(stop.signal);
    const running = Promise.all(controllers.map(each => runController(each, runtime, stop.signal)));
    const reasons = () => server.objects.list(builtin.events).map(({ reason }) => reason);
    await eventually(() => reasons().includes('UnParseableFeeds'));
    assert.equal(feeds(), undefined);
    put(config, {});
    const need = {
      desiredReplicas: 3,
      replicaJsonPath: '/spec/barns',
      replicaRequirements: { resources: { requests: { cpu: '200m' } } },
    };
    await eventually(() => feeds() !== undefined);
    assert.deepEqual(feeds(), [config, { ...farm, ...need }]);
    put(farm, { barns: 5 });
    await eventually(() => feeds()?.[1]?.desiredReplicas === 5);
    stop.abort();
    await running;
    await runtime.events.flush();
    await runtime.cache.stopped();
  });
});
