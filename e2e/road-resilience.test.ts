import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { bases } from '../api/apps/base.ts';
import { subscriptions } from '../api/apps/subscription.ts';
import { managedClusters } from '../api/clusters/managed-cluster.ts';
import { findCondition } from '../api/conditions.ts';
import { discoveredClusters } from '../api/discovery/discovered-cluster.ts';
import { labels, namespaces, taintKeys } from '../api/well-known.ts';
import { isRunning } from '../hack/local/process-record.ts';
import { builtin } from '../kube/builtin.ts';
import type { KubeClient } from '../kube/client.ts';
import { eventually } from '../test/eventually.ts';
import { Application } from './application.ts';
import { ComponentPod } from './component-pod.ts';
import { ReadyHistory } from './ready-history.ts';
import { type Snapshot, snapshots } from './snapshot.ts';
import { childNames, gpu, type Membership, type TestBed, useTestBed } from './test-bed.ts';
import { reconnected, tunnelEpochs } from './tunnel-epochs.ts';

const everybody = ['parent', ...childNames] as const;
/** How long a hub that has just started blames nobody for silence, and a moment more. */
const hubIsFairForMs = 50_000;

describe('the road, when something breaks', function () {
  this.timeout(300_000);
  const bed = useTestBed();
  let parent: KubeClient;
  let app: Application;
  let munich: Membership['key'];

  before(async () => {
    parent = await bed().client('parent');
    munich = (await bed().joined('munich')).key;
    app = new Application(bed(), 'road-resilience');
    await app.remove();
    await app.deliver({ [gpu]: 'true' });
    await app.settled(['berlin', 'munich']);
    await app.available();
    await hubJudges(bed());
  });
  after(() => app?.remove());

  /** Where the application was placed and what was made of it; of munich to the letter, in the parent and in the child. */
  async function placement(): Promise<readonly unknown[]> {
    const { bindingClusters } = (await app.subscription()).status ?? {};
    const labelSelector = `${labels.subscriptionName}=${app.name}`;
    const rendered = [
      ...(await parent.listAll(bases, { labelSelector })),
      ...(await app.descriptions()),
    ];
    const versions = rendered.map(({ kind, metadata }) => {
      const { namespace, name, uid, generation, deletionTimestamp, resourceVersion } = metadata;
      const version = namespace === munich.namespace ? resourceVersion : generation;
      return [kind, namespace, name, uid, version, deletionTimestamp];
    });
    const delivered = (await app.deployment('munich')) ?? assert.fail('no Deployment in munich');
    const { uid, resourceVersion } = delivered.metadata;
    return [bindingClusters, versions.sort(), uid, resourceVersion];
  }

  async function ready(): Promise<string | undefined> {
    const { status } = await parent.get(managedClusters, munich);
    return findCondition(status?.conditions, 'Ready')?.status;
  }

  it('has a killed agent back within 5 s, and Ready never changes', async () => {
    const agent = new ComponentPod(bed(), 'munich', 'agent');
    const first = await tunnelEpochs(bed(), ['munich']);
    const replaced = performance.now();
    await agent.replace();
    await reconnected(bed(), first, replaced, 60_000);
    await bed().joined('munich');
    await using history = await ReadyHistory.start(parent);
    const before = await tunnelEpochs(bed(), ['munich']);
    const killed = performance.now();
    const { pid } = await agent.kill('SIGKILL');
    await reconnected(bed(), before, killed, 5_000);
    assert.notEqual((await agent.process()).pid, pid);
    // A loss would be recorded 13 s after the last byte.
    await sleep(16_000);
    assert.deepEqual(history.changes, []);
  });

  /** Waits until the parent knows that munich is away, and shows that nothing is undone because of it. */
  async function awayButUntouched(since: number): Promise<void> {
    const before = await placement();
    await eventually(async () => (await ready()) === 'Unknown', {
      withinMs: 15_000 - (performance.now() - since),
      describe: 'Ready of munich is Unknown',
    });
    const tainted = async () => {
      const { spec } = await parent.get(managedClusters, munich);
      return spec.taints?.some(({ key }) => key === taintKeys.unschedulable) === true;
    };
    await eventually(tainted, { withinMs: 5_000, describe: 'it is tainted' });
    // Scheduling the Subscription again must not take the cluster away from it either.
    const hash = (await app.subscription()).status?.specHash;
    const body = { spec: { priority: Math.floor(Math.random() * 1000) + 1 } };
    await parent.patch(subscriptions, app.key, { type: 'merge', body });
    await eventually(async () => (await app.subscription()).status?.specHash !== hash, {
      withinMs: 20_000,
      describe: 'the Subscription was scheduled again',
    });
    await sleep(3_000);
    assert.deepEqual(await placement(), before);
  }

  async function backAgain(): Promise<void> {
    await bed().joined('munich', 90_000);
    await new ComponentPod(bed(), 'munich', 'agent').available(1);
    await app.settled(['berlin', 'munich']);
  }

  async function everythingIsWell(): Promise<void> {
    for (const name of everybody) {
      await bed().joined(name);
      await new ComponentPod(bed(), name, 'agent').available(1);
    }
  }

  it('knows within 15 s that an agent was scaled to 0, takes nothing away, and takes it back', async () => {
    const agent = new ComponentPod(bed(), 'munich', 'agent');
    const before = await placement();
    const process = await agent.process();
    await agent.scale(0);
    try {
      await eventually(() => !isRunning(process), { withinMs: 40_000, describe: 'it has ended' });
      await awayButUntouched(performance.now());
    } finally {
      await agent.scale(1);
    }
    await backAgain();
    assert.deepEqual((await placement()).slice(-2), before.slice(-2), 'the child is as it was');
  });

  it('knows within 15 s that an agent hangs, takes nothing away, and takes it back', async () => {
    const agent = new ComponentPod(bed(), 'munich', 'agent');
    const before = await placement();
    const stopped = performance.now();
    const { pid } = await agent.kill('SIGSTOP');
    try {
      await awayButUntouched(stopped);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await backAgain();
    assert.deepEqual((await placement()).slice(-2), before.slice(-2), 'the child is as it was');
  });

  describe('the hub restarts', () => {
    let untouched: Snapshot;
    let history: ReadyHistory;
    before(async () => {
      await everythingIsWell();
      untouched = await snapshots(bed(), everybody);
      history = await ReadyHistory.start(parent);
    });
    after(() => history?.[Symbol.asyncDispose]());

    it('has all tunnels back within 10 s of deleting its pod', async () => {
      const epochs = await tunnelEpochs(bed(), everybody);
      const deleted = performance.now();
      const replaced = new ComponentPod(bed(), 'parent', 'hub').replace();
      await reconnected(bed(), epochs, deleted, 10_000);
      await replaced;
    });

    it('has all tunnels back within 10 s of kill -9', async () => {
      const epochs = await tunnelEpochs(bed(), everybody);
      const killed = performance.now();
      await new ComponentPod(bed(), 'parent', 'hub').kill('SIGKILL');
      await reconnected(bed(), epochs, killed, 10_000);
    });

    it('has then written nothing but Leases, in the parent and in every child', async () => {
      await hubJudges(bed());
      await sleep(5_000);
      assert.deepEqual(history.changes, []);
      assert.deepEqual(await snapshots(bed(), everybody), untouched);
    });
  });

  it('writes nothing when scheduler and discovery start again', async () => {
    await everythingIsWell();
    const before = await snapshots(bed(), everybody);
    for (const component of ['scheduler', 'discovery'] as const) {
      await new ComponentPod(bed(), 'parent', component).replace();
      await leads(bed(), component);
    }
    await sleep(15_000);
    assert.deepEqual(await snapshots(bed(), everybody), before);
  });

  it('writes nothing for a paused Cluster, and goes on when it is no longer paused', async () => {
    const pause = (paused: boolean) => {
      const body = `{"spec":{"paused":${paused}}}`;
      return bed().kubectl(['patch', 'cluster', 'hamburg', '--type=merge', '-p', body]);
    };
    const phase = async () => {
      const key = { namespace: 'default', name: 'hamburg' };
      return (await parent.get(discoveredClusters, key)).status?.phase;
    };
    await everythingIsWell();
    const { key } = await bed().joined('hamburg');
    const origin = async () =>
      (await parent.get(managedClusters, key)).metadata.labels?.[labels.capiCluster];
    await pause(true);
    try {
      await eventually(async () => (await phase()) === 'Paused', {
        withinMs: 20_000,
        describe: 'Paused',
      });
      // Something to put right, which must wait.
      const body = { metadata: { labels: { [labels.capiCluster]: null } } };
      await parent.patch(managedClusters, key, { type: 'merge', body });
      const before = await snapshots(bed(), everybody);
      await new ComponentPod(bed(), 'parent', 'discovery').replace();
      await leads(bed(), 'discovery');
      await sleep(10_000);
      assert.deepEqual(await snapshots(bed(), everybody), before);
    } finally {
      await pause(false);
    }
    await eventually(async () => (await origin()) === 'hamburg', {
      withinMs: 30_000,
      describe: 'the label is back',
    });
    await bed().joined('hamburg');
  });
});

/** Waits until the component has a leader that got its Lease from nobody who still runs. */
async function leads(bed: TestBed, component: 'scheduler' | 'discovery' | 'hub'): Promise<number> {
  const parent = await bed.client('parent');
  const key = { namespace: namespaces.system, name: `clusternet-${component}` };
  const selector = new ComponentPod(bed, 'parent', component).selector;
  return eventually(
    async () => {
      const { spec } = await parent.get(builtin.leases, key);
      const pods = await parent.listAll(builtin.pods, {
        namespace: key.namespace,
        labelSelector: selector,
      });
      const holder = pods.some(({ metadata }) => metadata.uid === spec?.holderIdentity);
      return holder ? Date.parse(spec?.acquireTime ?? '') : undefined;
    },
    { withinMs: 60_000, describe: `${component} leads` },
  );
}

/** Waits until the hub has been leading for so long that it blames agents for their silence. */
async function hubJudges(bed: TestBed): Promise<void> {
  const since = await leads(bed, 'hub');
  await sleep(Math.max(0, since + hubIsFairForMs - Date.now()));
}
