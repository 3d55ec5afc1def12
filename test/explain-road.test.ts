import assert from 'node:assert/strict';
import { Registry } from 'prom-client';
import { parseExplanation } from '../api/apps/explanation.ts';
import { subscriptions } from '../api/apps/subscription.ts';
import { managedClusters } from '../api/clusters/managed-cluster.ts';
import { program } from '../cli/program.ts';
import { isNotFound } from '../kube/api-error.ts';
import { builtin } from '../kube/builtin.ts';
import { runController } from '../reconcile/controller.ts';
import { createRuntime, type Runtime } from '../reconcile/runtime.ts';
import { explainingController } from '../scheduler/explain/explaining-controller.ts';
import { buildProfile } from '../scheduler/framework/profile.ts';
import { ownPlugins } from '../scheduler/plugin-factories.ts';
import { Scheduler } from '../scheduler/scheduler.ts';
import { type FakeApiServer, startFakeApiServer } from './fake-api-server.ts';
import { cluster, subscription } from './scheduling-objects.ts';

/** From `kubectl clusternet explain` to the scheduler and back. */
describe('the road of an explanation', () => {
  let server: FakeApiServer;
  let runtime: Runtime;
  let stop: AbortController;
  let running: Promise<void>;

  beforeEach(async () => {
    server = await startFakeApiServer();
    stop = new AbortController();
    running = Promise.resolve();
    runtime = createRuntime({
      access: server.access(),
      component: 'clusternet-scheduler',
      instance: 'test',
      metrics: new Registry(),
    });
  });

  afterEach(async () => {
    stop.abort();
    await running;
    await runtime.cache.stopped();
    await server.close();
  });

  function startScheduler(): void {
    const profile = buildProfile({ schedulerName: 'default' }, ownPlugins(runtime, undefined));
    const controller = explainingController(new Scheduler(runtime, [profile]), runtime);
    runtime.cache.start(stop.signal);
    running = runController(controller, runtime, stop.signal);
  }

  async function kubectlClusternet(...argv: string[]): Promise<string> {
    const written: string[] = [];
    const connect = { access: async () => server.access(), namespace: async () => 'default' };
    const surroundings = { write: (text: string) => void written.push(text), connect };
    await program({ ...surroundings, signal: stop.signal }).parseAsync(argv, { from: 'user' });
    return written.join('');
  }

  it('prints per cluster which plugin said what, as text and as JSON', async () => {
    server.objects.put(managedClusters, cluster('a', { labels: { app: 'web' } }));
    server.objects.put(managedClusters, cluster('b', { labels: { app: 'web' }, ready: 'False' }));
    server.objects.put(subscriptions, subscription());
    startScheduler();
    const text = await kubectlClusternet('explain', 'subscription', 'app');
    assert.match(text, /^Subscription default\/app, generation 1, profile default\nScheduled=True/);
    assert.match(text, /ns-a\/a +Chosen +.*TaintToleration 100x3/);
    assert.match(text, /ns-b\/b +Rejected +- +Readiness: are not ready/);
    const json = await kubectlClusternet('explain', 'sub', 'app', '-n', 'default', '-o', 'json');
    assert.equal(parseExplanation(json).clusters.length, 2);
  });

  it('says what to look for when nobody answers, or somebody holds the place of the answer', async () => {
    server.objects.put(subscriptions, subscription());
    const silent = /no answer about default\/app within 0\.3 s: see whether the scheduler runs/;
    const asking = ['explain', 'subscription', 'app', '--timeout', '300ms'];
    await assert.rejects(kubectlClusternet(...asking), silent);
    server.objects.put(builtin.configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: 'default', name: 'app-explain' },
    });
    await assert.rejects(
      kubectlClusternet(...asking),
      /ConfigMap app-explain holds something else/,
    );
  });

  it('says that there is no such Subscription', async () => {
    await assert.rejects(kubectlClusternet('explain', 'subscription', 'gone'), isNotFound);
  });
});
