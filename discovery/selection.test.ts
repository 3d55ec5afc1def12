import assert from 'node:assert/strict';
import { type ManagedCluster, managedClusters } from '../api/clusters/managed-cluster.ts';
import { clusterDiscoveryPolicies } from '../api/discovery/cluster-discovery-policy.ts';
import { discoveredClusters } from '../api/discovery/discovered-cluster.ts';
import { hubConnections } from '../api/discovery/hub-connection.ts';
import { annotations, labels } from '../api/well-known.ts';
import { builtin } from '../kube/builtin.ts';
import { FakeWorld, pem, soon } from '../test/fake-world.ts';

describe('discovery: which clusters', function (this: Mocha.Suite) {
  this.timeout(30_000);

  it('keeps a Cluster out that is labelled so, and says where the label is', async () => {
    await using world = await FakeWorld.start();
    await world.discover();
    await world.createCluster('one', { labels: { [labels.discover]: 'false' } });
    const { message } = await world.untilReason('one', 'Selected', 'OptedOut');
    assert.match(message, /on the Cluster/);
    assert.equal(world.discovered('one')?.status?.phase, 'Ignored');
    assert.deepEqual(world.parent.objects.list(managedClusters), []);
  });

  it('follows the label of the Namespace as soon as it changes, unless the Cluster has its own', async () => {
    await using world = await FakeWorld.start({ mode: 'OptIn' });
    await world.discover();
    await world.createCluster('one');
    await world.createCluster('two', { labels: { [labels.discover]: 'false' } });
    await world.untilReason('one', 'Selected', 'NotOptedIn');
    world.parent.objects.put(builtin.namespaces, {
      metadata: { name: 'team', labels: { [labels.discover]: 'true' } },
    });
    await world.untilPhase('one', 'Joining');
    await world.untilReason('two', 'Selected', 'OptedOut');
  });

  it('detaches a cluster that is no longer selected, but only after the grace period', async () => {
    await using world = await FakeWorld.start({ gracePeriod: '2s' });
    await world.discover();
    const child = await world.join('one');
    world.putCluster('one', { labels: { [labels.discover]: 'false' } });
    await world.untilReason('one', 'Selected', 'OptedOut');
    assert.equal(world.discovered('one')?.status?.phase, 'Joined');
    assert.ok(child.objects.get(builtin.namespaces, { name: 'clusternet-system' }));
    await world.untilPhase('one', 'Ignored');
    assert.equal(child.objects.get(builtin.namespaces, { name: 'clusternet-system' }), undefined);
    assert.deepEqual(world.parent.objects.list(managedClusters), []);
    assert.equal(world.discovered('one')?.spec.clusterID, undefined);
    world.putCluster('one');
    await world.untilPhase('one', 'Joining');
  });

  it('does nothing about a label that is set and taken back within the grace period', async () => {
    await using world = await FakeWorld.start({ gracePeriod: '5m' });
    await world.discover();
    const child = await world.join('one');
    const requests = child.requests.length;
    world.putCluster('one', { labels: { [labels.discover]: 'false' } });
    await world.untilReason('one', 'Selected', 'OptedOut');
    world.putCluster('one');
    await world.untilReason('one', 'Selected', 'Selected');
    assert.equal(child.requests.length, requests);
  });

  it('keeps clusters joined that are no longer selected where the policy says Retain', async () => {
    await using world = await FakeWorld.start({ gracePeriod: '1ms', onUnselect: 'Retain' });
    await world.discover();
    await world.join('one');
    world.putCluster('one', { labels: { [labels.discover]: 'false' } });
    const { message } = await world.untilReason('one', 'Selected', 'OptedOut');
    assert.match(message, /Retain/);
    assert.equal(world.discovered('one')?.status?.phase, 'Joined');
  });

  it('keeps a cluster joined whose policy is deleted: nothing says what to do with it', async () => {
    await using world = await FakeWorld.start({ gracePeriod: '1ms' });
    await world.discover();
    await world.join('one');
    world.parent.objects.remove(clusterDiscoveryPolicies, { name: 'default' });
    await world.untilReason('one', 'Selected', 'NoPolicyMatches');
    assert.equal(world.discovered('one')?.status?.phase, 'Joined');
  });

  it('detaches at once, and keeps out, what a user detaches', async () => {
    await using world = await FakeWorld.start();
    await world.discover();
    await world.join('one');
    const object = world.discovered('one');
    const spec = { ...object?.spec, detached: true };
    world.parent.objects.put(discoveredClusters, { ...object, spec });
    await world.untilPhase('one', 'Ignored');
    await world.untilReason('one', 'Ready', 'Detached');
    assert.deepEqual(world.parent.objects.list(managedClusters), []);
  });

  it('lets few removals pass that nobody asked for, and holds the rest until it is confirmed on the policy, also after a restart', async () => {
    await using world = await FakeWorld.start({ gracePeriod: '1s' });
    await world.discover();
    const names = Array.from({ length: 7 }, (_, index) => `c${index}`);
    await Promise.all(names.map(name => world.join(name)));
    world.parent.objects.put(builtin.namespaces, {
      metadata: { name: 'team', labels: { [labels.discover]: 'false' } },
    });
    const heldOnes = () =>
      names.filter(name =>
        world.discovered(name)?.status?.conditions?.some(({ reason }) => reason === 'MassChange'),
      );
    const untilTwoAreLeft = () =>
      soon(
        () => world.parent.objects.list(managedClusters).length === 2 && heldOnes().length === 2,
      );
    await untilTwoAreLeft();
    const { message } = await world.untilPolicy('MassChange', 'Held');
    assert.match(message, /2 more clusters/);
    const held = heldOnes();
    await world.discover();
    for (const name of held) {
      world.setConnected(name, false);
      await world.untilReason(name, 'Connected', 'Disconnected');
    }
    assert.deepEqual(heldOnes(), held);
    assert.equal(world.parent.objects.list(managedClusters).length, 2);
    const policy = world.parent.objects.get(clusterDiscoveryPolicies, { name: 'default' });
    const confirmed = { [annotations.confirmMassChange]: String(policy?.metadata.generation) };
    world.parent.objects.put(clusterDiscoveryPolicies, {
      ...policy,
      metadata: { ...policy?.metadata, annotations: confirmed },
    });
    await Promise.all(names.map(name => world.untilPhase(name, 'Ignored')));
    await world.untilPolicy('MassChange', 'WithinLimit');
  });

  it('lets recorded deletions of many clusters pass the guard', async () => {
    await using world = await FakeWorld.start();
    await world.discover();
    const names = Array.from({ length: 7 }, (_, index) => `c${index}`);
    await Promise.all(names.map(name => world.join(name)));
    for (const name of names)
      world.putCluster(name, { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } });
    await soon(() => world.parent.objects.list(managedClusters).length === 0);
  });

  it('says which field of a policy is wrong, and drops nothing meanwhile', async () => {
    await using world = await FakeWorld.start({ gracePeriod: '1ms' });
    await world.discover();
    await world.join('one');
    const clusterSelector = { matchExpressions: [{ key: 'a', operator: 'Contains' }] };
    const policy = world.parent.objects.get(clusterDiscoveryPolicies, { name: 'default' });
    world.parent.objects.put(clusterDiscoveryPolicies, {
      ...policy,
      spec: { ...policy?.spec, clusterSelector },
    });
    const { message } = await world.untilPolicy('Valid', 'InvalidSelector');
    assert.match(message, /spec\.clusterSelector\.matchExpressions\[0\]\.operator/);
    await world.untilReason('one', 'Selected', 'PolicyInvalid');
    assert.equal(world.discovered('one')?.status?.phase, 'Joined');
  });
});

describe('discovery: the way to the parent', function (this: Mocha.Suite) {
  this.timeout(30_000);

  it('says which command tells children where the parent is', async () => {
    await using world = await FakeWorld.start();
    world.parent.objects.put(hubConnections, {
      metadata: { name: 'default' },
      spec: { joinSelf: false },
    });
    await world.discover();
    await world.createCluster('one');
    const { message } = await world.untilReason('one', 'HubReachable', 'URLUnknown');
    assert.match(message, /kubectl patch hubconnection default/);
    const certificate = Buffer.from('CA').toString('base64');
    const cluster = { server: 'https://found.test', 'certificate-authority-data': certificate };
    world.parent.objects.put(builtin.configMaps, {
      metadata: { namespace: 'kube-public', name: 'cluster-info' },
      data: { kubeconfig: JSON.stringify({ clusters: [{ cluster }] }) },
    });
    await world.untilPhase('one', 'Joining');
    const connection = await soon(() => {
      const found = world.parent.objects.get(hubConnections, { name: 'default' });
      return found?.status?.server === undefined ? undefined : found;
    });
    assert.equal(connection.status?.server, 'https://found.test');
  });

  it('does not guess where the parent is when the policy names a HubConnection that does not exist', async () => {
    await using world = await FakeWorld.start({ hubRef: { name: 'elsewhere' } });
    await world.discover();
    await world.createCluster('one');
    const { message } = await world.untilReason('one', 'HubReachable', 'URLUnknown');
    assert.match(message, /HubConnection elsewhere/);
  });

  it('tells joined clusters when the address of the parent changes', async () => {
    await using world = await FakeWorld.start();
    await world.discover();
    const child = await world.join('one');
    world.parent.objects.put(hubConnections, {
      metadata: { name: 'default' },
      spec: { server: 'https://moved.test', caBundle: pem, joinSelf: false },
    });
    const key = { namespace: 'clusternet-system', name: 'clusternet-agent-cluster-registration' };
    await soon(() => {
      const url = child.objects.get(builtin.secrets, key)?.data?.parentURL ?? '';
      return Buffer.from(url, 'base64').toString() === 'https://moved.test';
    });
  });

  it('brings the agents up to date when the policy changes', async () => {
    await using world = await FakeWorld.start();
    await world.discover();
    const child = await world.join('one');
    const policy = world.parent.objects.get(clusterDiscoveryPolicies, { name: 'default' });
    const agent = { image: 'example.test/clusternet:v2' };
    world.parent.objects.put(clusterDiscoveryPolicies, { ...policy, spec: { agent } });
    const key = { namespace: 'clusternet-system', name: 'clusternet-agent' };
    await soon(() => JSON.stringify(child.objects.get(builtin.deployments, key)).includes(':v2'));
    await world.untilReason('one', 'UpToDate', 'UpToDate');
  });
});

describe('discovery: labels', function (this: Mocha.Suite) {
  this.timeout(30_000);

  it('copies labels by the rules of the policy, later changes and removals too', async () => {
    await using world = await FakeWorld.start({ propagation: [{ key: 'tier' }] });
    await world.discover();
    await world.join('one', { labels: { tier: 'gold', other: 'x' } });
    const tier = () => world.managed('one')?.metadata.labels?.tier;
    assert.equal(tier(), 'gold');
    assert.equal(world.managed('one')?.metadata.labels?.other, undefined);
    await world.untilReason('one', 'MetadataSynced', 'Synced');
    world.putCluster('one', { labels: { tier: 'silver' } });
    await soon(() => tier() === 'silver');
    world.putCluster('one');
    await soon(() => tier() === undefined);
  });

  it('leaves a label alone that somebody else has set, and says so', async () => {
    await using world = await FakeWorld.start({ propagation: [{ key: 'tier' }] });
    await world.discover();
    await world.join('one');
    setLabel(world, world.managed('one'), { tier: 'mine' });
    world.putCluster('one', { labels: { tier: 'theirs' } });
    const { message } = await world.untilReason('one', 'MetadataSynced', 'Conflict');
    assert.match(message, /tier/);
    assert.equal(world.managed('one')?.metadata.labels?.tier, 'mine');
  });

  it('puts node labels under allowed prefixes on the ManagedCluster, and takes them away again', async () => {
    await using world = await FakeWorld.start();
    await world.discover();
    await world.join('one');
    const key = 'feature.node.kubernetes.io/pci-10de.present';
    reportNodeLabels(world, { [key]: 'true', 'node.clusternet.io/zone': 'a', evil: 'yes' });
    const label = (name: string) => world.managed('one')?.metadata.labels?.[name];
    await soon(() => label(key) === 'true');
    assert.equal(label('evil'), undefined);
    const condition = await soon(() =>
      world.managed('one')?.status?.conditions?.find(({ type }) => type === 'LabelsAccepted'),
    );
    assert.equal(condition.status, 'False');
    assert.match(condition.message, /^evil: /);
    reportNodeLabels(world, { 'node.clusternet.io/zone': 'a' });
    await soon(() => label(key) === undefined);
    assert.equal(label('node.clusternet.io/zone'), 'a');
    assert.equal(label(labels.capiCluster), 'one');
    await soon(() =>
      world
        .managed('one')
        ?.status?.conditions?.some(
          ({ type, status }) => type === 'LabelsAccepted' && status === 'True',
        ),
    );
  });
});

function setLabel(world: FakeWorld, cluster: ManagedCluster | undefined, added: object): void {
  const own = { ...cluster?.metadata.labels, ...added };
  world.parent.objects.put(managedClusters, {
    ...cluster,
    metadata: { ...cluster?.metadata, labels: own },
  });
}

function reportNodeLabels(world: FakeWorld, nodeLabels: object): void {
  const cluster = world.managed('one');
  world.parent.objects.put(managedClusters, {
    ...cluster,
    status: { ...cluster?.status, nodeLabels },
  });
}

describe('discovery: the parent as its own child', function (this: Mocha.Suite) {
  this.timeout(30_000);

  const system = 'clusternet-system';

  async function start(joinSelf: boolean): Promise<FakeWorld> {
    const world = await FakeWorld.start();
    world.parent.objects.put(builtin.namespaces, { metadata: { name: system } });
    setJoinSelf(world, joinSelf);
    await world.discover();
    return world;
  }

  function setJoinSelf(world: FakeWorld, joinSelf: boolean): void {
    world.parent.objects.put(hubConnections, {
      metadata: { name: 'default' },
      spec: { server: 'https://parent.test', caBundle: pem, joinSelf },
    });
  }

  it('leaves when HubConnection says so, comes back when it says otherwise, and holds up no namespace', async () => {
    await using world = await start(true);
    await world.untilPhase('self', 'Joining', system);
    world.setConnected('self', true, system);
    const joined = await world.untilPhase('self', 'Joined', system);
    assert.deepEqual(joined.metadata.finalizers ?? [], []);
    setJoinSelf(world, false);
    await world.untilPhase('self', 'Ignored', system);
    assert.deepEqual(world.parent.objects.list(managedClusters), []);
    assert.ok(world.parent.objects.get(builtin.namespaces, { name: system }));
    setJoinSelf(world, true);
    await world.untilPhase('self', 'Joining', system);
  });

  it('is not made where HubConnection does not want it', async () => {
    await using world = await start(false);
    await world.createCluster('one');
    await world.untilPhase('one', 'Joining');
    assert.equal(world.discovered('self', system), undefined);
  });

  it('is not counted by the guard against mass removal', async () => {
    await using world = await start(true);
    await world.untilPhase('self', 'Joining', system);
    setJoinSelf(world, false);
    await world.untilPhase('self', 'Ignored', system);
    await world.untilPolicy('MassChange', 'WithinLimit');
  });
});

describe('discovery: its flags', function (this: Mocha.Suite) {
  this.timeout(30_000);

  it('sees only the namespace and the watch filter it is given', async () => {
    await using world = await FakeWorld.start();
    world.parent.objects.put(builtin.namespaces, { metadata: { name: 'other' } });
    await world.discover({ watchNamespace: 'team', watchFilter: 'mine' });
    const mine = { 'cluster.x-k8s.io/watch-filter': 'mine' };
    world.putCluster('elsewhere', { namespace: 'other', labels: mine });
    world.putCluster('unlabelled');
    await world.createCluster('one', { labels: mine });
    await world.untilPhase('one', 'Joining');
    assert.deepEqual(
      world.parent.objects.list(discoveredClusters).map(({ metadata }) => metadata.name),
      ['one'],
    );
  });

  it('keeps a cluster that leaves the watch filter: it is not deleted', async () => {
    await using world = await FakeWorld.start({ gracePeriod: '1ms' });
    await world.discover({ watchFilter: 'mine' });
    await world.join('one', { labels: { 'cluster.x-k8s.io/watch-filter': 'mine' } });
    world.putCluster('one');
    await world.untilReason('one', 'Selected', 'ClusterGone');
    assert.equal(world.managed('one')?.metadata.annotations?.[annotations.leave], undefined);
    assert.equal(world.discovered('one')?.status?.phase, 'Joined');
  });
});
