import assert from 'node:assert/strict';
import { Registry } from 'prom-client';
import type { DiscoveredCluster } from '../../api/discovery/discovered-cluster.ts';
import { systemClock } from '../../reconcile/clock.ts';
import { FakeClock } from '../../test/fake-clock.ts';
import { type JoinView, joinMetrics } from './join-metrics.ts';
import { JoinTimes } from './join-times.ts';
import { Progress } from './progress.ts';

const discovered: DiscoveredCluster = {
  apiVersion: 'discovery.clusternet.io/v1alpha1',
  kind: 'DiscoveredCluster',
  metadata: { name: 'one' },
  spec: { policyRef: { name: 'default' } },
  status: {
    phase: 'Joined',
    conditions: [
      {
        type: 'Ready',
        status: 'True',
        reason: 'Joined',
        message: '',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      },
    ],
  },
};

const view = (
  discovered: JoinView['discovered'] = () => [],
  capiVersion: JoinView['capiVersion'] = () => undefined,
): JoinView => ({ discovered, capiVersion, clock: new FakeClock('2026-01-01T00:00:00Z') });

describe('the metrics of discovery', () => {
  it('count clusters by phase and conditions by reason from what there is now', async () => {
    const registry = new Registry();
    let all = [discovered, discovered];
    joinMetrics(
      registry,
      view(() => all),
    );
    const line = 'clusternet_discovery_clusters{phase="Joined",policy="default"}';
    assert.match(await registry.metrics(), new RegExp(`${line.replace(/[{}]/g, '\\$&')} 2`));
    all = [discovered];
    const text = await registry.metrics();
    assert.ok(text.includes(`${line} 1`));
    assert.ok(text.includes('condition{type="Ready",status="True",reason="Joined"} 1'));
  });

  it('tell how long the bootstrap tokens of clusters on their way in are good for', async () => {
    const registry = new Registry();
    const metadata = { namespace: 'team', name: 'two' };
    const status = { bootstrapExpiration: '2026-01-01T00:10:00Z' };
    let all = [discovered, { ...discovered, metadata, status }];
    joinMetrics(
      registry,
      view(() => all),
    );
    const lines = async () => (await registry.metrics()).match(/^.*token_expiry_seconds\{.*$/gm);
    const prefix = 'clusternet_discovery_token_expiry_seconds';
    assert.deepEqual(await lines(), [`${prefix}{namespace="team",name="two"} 600`]);
    all = [discovered];
    assert.equal(await lines(), null);
  });

  it('tell in which version Clusters are read, and nothing while they cannot be', async () => {
    const registry = new Registry();
    let version: string | undefined = 'v1beta1';
    joinMetrics(
      registry,
      view(undefined, () => version),
    );
    const lines = async () => (await registry.metrics()).match(/^.*version_info\{.*$/gm);
    const prefix = 'clusternet_discovery_capi_api_version_info';
    assert.deepEqual(await lines(), [`${prefix}{version="v1beta1"} 1`]);
    version = undefined;
    assert.equal(await lines(), null);
  });

  it('time each stage of a join once, and only joins whose beginning was seen', async () => {
    const registry = new Registry();
    const times = new JoinTimes(systemClock, joinMetrics(registry, view()));
    const progress = new Progress([], 1, new Date(0));
    progress.set('Registered', 'True', 'Approved', '');
    times.note('unseen', progress);
    times.begin('seen');
    times.note('seen', progress);
    times.note('seen', progress);
    progress.set('Connected', 'True', 'Connected', '');
    times.note('seen', progress);
    times.note('seen', progress);
    const text = await registry.metrics();
    assert.match(text, /join_duration_seconds_count\{stage="registered"\} 1/);
    assert.match(text, /join_duration_seconds_count\{stage="connected"\} 1/);
  });
});
