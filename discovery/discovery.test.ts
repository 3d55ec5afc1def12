import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { clusterRegistrationRequests } from '../api/clusters/cluster-registration-request.ts';
import { managedClusters } from '../api/clusters/managed-cluster.ts';
import { findCondition } from '../api/conditions.ts';
import { discoveredClusters } from '../api/discovery/discovered-cluster.ts';
import { hubConnections } from '../api/discovery/hub-connection.ts';
import { annotations, finalizers, labels, namespaces, secretNames } from '../api/well-known.ts';
import { builtin } from '../kube/builtin.ts';
import { startFakeApiServer } from '../test/fake-api-server.ts';
import { clusters, FakeWorld, kubeconfig, pem, soon } from '../test/fake-world.ts';
import { Refusal } from '../test/refusal.ts';
import { capiNames } from './capi/cluster.ts';

const namespace = namespaces.system;
const registration = { namespace, name: secretNames.clusterRegistration };

describe('discovery: joining', function (this: Mocha.Suite) {
  this.timeout(30_000);

  it('joins a Cluster whose control plane is up, without being told anything', async () => {
    await using world = await FakeWorld.start();
    await world.discover();
    const child = await world.createCluster('one');
    const { spec } = await world.untilPhase('one', 'Joining');
    const [request] = world.parent.objects.list(clusterRegistrationRequests);
    assert.equal(request?.spec.clusterId, spec.clusterID);
    assert.equal(request?.spec.clusterName, 'one');
    assert.equal(request?.metadata.annotations?.[annotations.discoveryOwner], 'team/one');
    assert.equal(world.managed('one')?.metadata.labels?.[labels.capiCluster], 'one');
    const secret = child.objects.get(builtin.secrets, registration);
    assert.match(Buffer.from(secret?.data?.regToken ?? '', 'base64').toString(), /^bootstrap-/);
    assert.ok(child.objects.get(builtin.deployments, { namespace, name: 'clusternet-agent' }));
    world.setConnected('one', true);
    const joined = await world.untilPhase('one', 'Joined');
    assert.equal(joined.status?.agentVersion, 'v1');
    await soon(() => world.hasEvent('Joined', 'one'));
  });

  it('writes nothing but the DiscoveredCluster while the control plane is not up', async () => {
    await using world = await FakeWorld.start();
    await world.discover();
    const conditions = [
      { type: 'InfrastructureReady', status: 'False', reason: 'X', message: '2 of 3 machines' },
    ];
    world.putCluster('one', { status: { conditions } });
    const { message } = await world.untilReason(
      'one',
      'ControlPlaneInitialized',
      'WaitingForControlPlane',
    );
    assert.equal(message, 'InfrastructureReady: 2 of 3 machines');
    assert.equal(world.discovered('one')?.status?.phase, 'Waiting');
    const written = new Set(world.parent.writes().map(({ path }) => path.split('/')[3]));
    const ownKinds = world.parent
      .writes()
      .filter(({ path }) => !path.includes('discovery.clusternet.io') && !path.includes('/events'));
    assert.deepEqual(ownKinds, [], [...written].join());
  });

  it('asks a joined cluster nothing', async () => {
    await using world = await FakeWorld.start();
    await world.discover();
    const child = await world.join('one');
    const before = child.requests.length;
    world.putCluster('one', { labels: { changed: 'yes' } });
    world.putCluster('two', { status: {} });
    await world.untilPhase('two', 'Waiting');
    assert.equal(child.requests.length, before);
  });

  it('keeps a token fresh until the agent has joined, and shows why it has not', async () => {
    await using world = await FakeWorld.start();
    await world.discover();
    const child = await world.createCluster('one');
    await world.untilPhase('one', 'Joining');
    child.objects.put(builtin.deployments, {
      ...child.objects.get(builtin.deployments, { namespace, name: 'clusternet-agent' }),
      status: { availableReplicas: 0 },
    });
    child.objects.put(builtin.pods, {
      metadata: {
        namespace,
        name: 'agent-1',
        labels: { 'app.kubernetes.io/component': 'agent' },
      },
      spec: { containers: [{ name: 'manager', image: 'example.test/clusternet:v1' }] },
      status: { containerStatuses: [{ state: { waiting: { reason: 'ImagePullBackOff' } } }] },
    });
    const { message } = await world.untilReason('one', 'AgentAvailable', 'ImagePull');
    assert.match(message, /example\.test\/clusternet:v1 cannot be pulled/);
    const ready = world.discovered('one')?.status?.conditions?.find(({ type }) => type === 'Ready');
    assert.equal(ready?.reason, 'ImagePull');
  });

  it('shows the words of an agent that does not reach the parent', async () => {
    await using world = await FakeWorld.start();
    await world.discover();
    const child = await world.createCluster('one');
    await world.untilPhase('one', 'Joining');
    const lease = child.objects.get(builtin.leases, { namespace, name: 'clusternet-agent' });
    child.objects.put(builtin.leases, {
      ...lease,
      metadata: {
        ...lease?.metadata,
        annotations: { [annotations.lastDialError]: 'x509: unknown authority' },
      },
    });
    const { message } = await world.untilReason('one', 'Connected', 'HubUnreachable');
    assert.match(message, /x509: unknown authority/);
  });

  it('tells apart clusters of one name in two namespaces', async () => {
    await using world = await FakeWorld.start();
    world.parent.objects.put(builtin.namespaces, { metadata: { name: 'other' } });
    await world.discover();
    await world.join('one');
    await world.join('one', { namespace: 'other' });
    const [a, b] = [world.managed('one'), world.managed('one', 'other')];
    assert.equal(a?.metadata.name, b?.metadata.name);
    assert.notEqual(a?.metadata.namespace, b?.metadata.namespace);
    assert.equal(b?.metadata.labels?.[labels.capiNamespace], 'other');
  });

  it('refuses a second Cluster that turns out to be the same cluster', async () => {
    await using world = await FakeWorld.start();
    await world.discover();
    const child = await world.join('one');
    await world.createCluster('copy', { child });
    const { message } = await world.untilReason('copy', 'Registered', 'ClusterIDInUse');
    assert.match(message, /team\/one/);
    assert.equal(world.parent.objects.list(managedClusters).length, 1);
  });

  it('waits for approval, and says who must give it', async () => {
    await using world = await FakeWorld.start();
    world.answer = undefined;
    await world.discover();
    const child = await world.createCluster('one');
    await world.untilReason('one', 'Registered', 'ApprovalPending');
    assert.deepEqual(child.objects.list(builtin.deployments), []);
    world.answer = 'Denied';
    const [request] = world.parent.objects.list(clusterRegistrationRequests);
    world.parent.objects.put(clusterRegistrationRequests, request);
    const { message } = await world.untilReason('one', 'Registered', 'Denied');
    assert.match(message, /not here/);
  });

  it('leaves an agent of another parent alone, and takes it over when told to', async () => {
    await using world = await FakeWorld.start();
    const child = await startFakeApiServer();
    child.objects.put(builtin.secrets, {
      metadata: { namespace, name: secretNames.parentCluster },
      data: {
        'apiserver-advertise-url': Buffer.from('https://another.test').toString('base64'),
      },
    });
    await world.discover();
    await world.createCluster('one', { child });
    const { message } = await world.untilReason('one', 'AgentApplied', 'ForeignAgent');
    assert.match(message, /https:\/\/another\.test/);
    assert.equal(child.objects.get(builtin.secrets, registration), undefined);
    const object = world.discovered('one');
    world.parent.objects.put(discoveredClusters, {
      ...object,
      spec: { ...object?.spec, takeover: 'Force' },
    });
    await world.untilPhase('one', 'Joining');
  });

  it('follows a cluster that somebody registered by hand, and changes nothing in it', async () => {
    await using world = await FakeWorld.start();
    const child = await startFakeApiServer();
    const lease = child.objects.put(builtin.leases, {
      metadata: { namespace, name: 'clusternet-agent' },
    });
    const clusterId = lease.metadata.uid ?? '';
    world.parent.objects.put(clusterRegistrationRequests, {
      metadata: { name: `clusternet-${clusterId}` },
      spec: { clusterId, clusterName: 'by-hand' },
    });
    await world.discover();
    await world.createCluster('one', { child });
    await world.untilReason('one', 'Registered', 'Adopted');
    world.setConnected('one', true);
    await world.untilPhase('one', 'Joined');
    assert.deepEqual(FakeWorld.writesTo(child), []);
  });

  it('installs the agent anew, as the same cluster, when its namespace was deleted', async () => {
    await using world = await FakeWorld.start();
    await world.discover();
    const child = await world.createCluster('one');
    const { spec } = await world.untilPhase('one', 'Joining');
    child.objects.remove(builtin.deployments, { namespace, name: 'clusternet-agent' });
    child.objects.remove(builtin.leases, { namespace, name: 'clusternet-agent' });
    child.objects.remove(builtin.secrets, registration);
    await soon(() => child.objects.get(builtin.secrets, registration));
    const lease = child.objects.get(builtin.leases, { namespace, name: 'clusternet-agent' });
    assert.equal(lease?.metadata.annotations?.[annotations.legacyClusterId], spec.clusterID);
  });

  it('installs the agent anew without a token when the cluster has joined before', async () => {
    await using world = await FakeWorld.start();
    await world.discover();
    const child = await world.createCluster('one');
    await world.untilPhase('one', 'Joining');
    const { namespace: dedicated = '' } = world.managed('one')?.metadata ?? {};
    const account = `/api/v1/namespaces/${dedicated}/serviceaccounts/clusternet-bootstrap/token`;
    world.parent.answer('POST', account, () => {
      throw new Refusal(404, 'NotFound', 'serviceaccounts "clusternet-bootstrap" not found');
    });
    const agent = { namespace, name: 'clusternet-agent' };
    child.objects.remove(builtin.deployments, agent);
    await soon(() => child.objects.get(builtin.deployments, agent));
    await world.untilReason('one', 'BootstrapCredentialIssued', 'AccountNotFound');
  });

  describe('tells why a joined cluster is away, not that there is nothing to let it in with', () => {
    const agent = { namespace, name: 'clusternet-agent' };

    /** A joined cluster whose tunnel was lost long ago; its agent is as its Deployment says, if there is one. */
    async function lose(world: FakeWorld, deployment: object, lastDialError?: string) {
      await world.discover();
      const child = await world.join('one');
      const account = `/api/v1/namespaces/${world.managed('one')?.metadata.namespace}/serviceaccounts`;
      world.parent.answer('POST', `${account}/clusternet-bootstrap/token`, () => {
        throw new Refusal(404, 'NotFound', 'serviceaccounts "clusternet-bootstrap" not found');
      });
      const found = child.objects.get(builtin.deployments, agent);
      child.objects.put(builtin.deployments, { ...found, ...deployment });
      if (lastDialError !== undefined) {
        const lease = child.objects.get(builtin.leases, agent);
        const noted = { [annotations.lastDialError]: lastDialError };
        child.objects.put(builtin.leases, {
          ...lease,
          metadata: { ...lease?.metadata, annotations: noted },
        });
      }
      world.setConnected('one', false);
      await world.untilReason('one', 'Connected', 'Disconnected');
      backdate(world, 'Connected');
      const asked = tokenRequests(world);
      await world.discover();
      // The second look shows what the first one wrote down.
      await soon(() => tokenRequests(world) > asked + 1);
    }

    const tokenRequests = ({ parent }: FakeWorld) =>
      parent.requests.filter(({ path }) => path.endsWith('/token')).length;

    /** After a minute the cluster is asked what is the matter. */
    function backdate(world: FakeWorld, type: string): void {
      const object = world.discovered('one');
      const lastTransitionTime = new Date(Date.now() - 120_000).toISOString();
      const conditions = object?.status?.conditions?.map(each =>
        each.type === type ? { ...each, lastTransitionTime } : each,
      );
      const status = { ...object?.status, conditions };
      world.parent.objects.put(discoveredClusters, { ...object, status });
    }

    const available = { status: { availableReplicas: 1 } };

    for (const [what, deployment, dialError, reason, message] of [
      [
        'that nobody knows more than since when',
        available,
        undefined,
        'Disconnected',
        /^the agent has not been connected since 20\S+Z; the cluster or its network may be down$/,
      ],
      [
        'that its agent does not reach the parent',
        available,
        'connect ETIMEDOUT',
        'HubUnreachable',
        /connect ETIMEDOUT/,
      ],
      [
        'that its agent was scaled to 0',
        { spec: { replicas: 0 } },
        undefined,
        'NotDeployed',
        /scale/,
      ],
    ] as const) {
      it(what, async () => {
        await using world = await FakeWorld.start();
        await lose(world, deployment, dialError);
        assert.match((await world.untilReason('one', 'Ready', reason)).message, message);
        const { status } = await world.untilPhase('one', 'Degraded');
        const credential = findCondition(status?.conditions, 'BootstrapCredentialIssued');
        assert.deepEqual([credential?.status, credential?.reason], ['True', 'NotNeeded']);
      });
    }
  });

  it('joins the parent as its own child: a DiscoveredCluster without a Cluster, and a Secret for its agent', async () => {
    await using world = await FakeWorld.start();
    world.parent.objects.put(builtin.namespaces, { metadata: { name: namespace } });
    world.parent.objects.put(hubConnections, {
      metadata: { name: 'default' },
      spec: { server: 'https://parent.test:6443', caBundle: pem },
    });
    await world.discover();
    const { spec } = await world.untilPhase('self', 'Joining', namespace);
    assert.equal(spec.clusterRef, undefined);
    assert.equal(world.managed('self', namespace)?.metadata.name, 'parent');
    const [request] = world.parent.objects.list(clusterRegistrationRequests);
    assert.equal(request?.metadata.labels?.[labels.discoverySource], 'self');
    assert.ok(world.parent.objects.get(builtin.secrets, registration));
    assert.deepEqual(world.parent.objects.list(builtin.deployments), []);
    world.setConnected('self', true, namespace);
    await world.untilPhase('self', 'Joined', namespace);
  });
});

describe('discovery: what can be wrong with a kubeconfig Secret', function (this: Mocha.Suite) {
  this.timeout(30_000);

  it('waits for a Secret that is not there yet', async () => {
    await using world = await FakeWorld.start();
    await world.discover();
    world.putCluster('one');
    await world.untilReason('one', 'KubeconfigAvailable', 'SecretNotFound');
    assert.equal(world.discovered('one')?.status?.phase, 'Waiting');
    await world.createCluster('one');
    await world.untilPhase('one', 'Joining');
  });

  it('says what is wrong with a Secret, and joins once it is mended', async () => {
    await using world = await FakeWorld.start();
    await world.discover();
    world.putSecret('one', kubeconfig('https://one.test', { exec: { command: 'sh' } }));
    world.putCluster('one');
    const { message } = await world.untilReason('one', 'KubeconfigAvailable', 'ExecNotAllowed');
    assert.match(message, /user\.exec/);
    world.putSecret('one', 'garbage: [');
    await world.untilReason('one', 'KubeconfigAvailable', 'SecretInvalid');
    await world.createCluster('one');
    await world.untilPhase('one', 'Joining');
  });

  function replaceSecretData({ parent }: FakeWorld, data: Record<string, string>): void {
    const found = parent.objects.get(builtin.secrets, {
      namespace: 'team',
      name: 'one-kubeconfig',
    });
    parent.objects.put(builtin.secrets, { ...found, data });
  }

  const malformed = [
    { what: 'lacks its key', data: { other: 'x' }, reason: 'SecretInvalid', says: /key `value`/ },
    {
      what: 'would run a program',
      user: { exec: { command: 'sh' } },
      reason: 'ExecNotAllowed',
      says: /user\.exec/,
    },
    {
      what: 'names a file',
      user: { tokenFile: '/etc/shadow' },
      reason: 'SecretInvalid',
      says: /user\.tokenFile/,
    },
    { what: 'is garbage', text: 'garbage: [', reason: 'SecretInvalid', says: /YAML/ },
  ];
  for (const { what, data, user, text, reason, says } of malformed) {
    it(`names what is wrong with a Secret that ${what}, and neither asks again nor holds up others`, async () => {
      await using world = await FakeWorld.start();
      world.putSecret('one', text ?? kubeconfig('https://one.test', user));
      if (data !== undefined) replaceSecretData(world, data);
      world.putCluster('one');
      await world.discover();
      const { message } = await world.untilReason('one', 'KubeconfigAvailable', reason);
      assert.match(message, says);
      await world.createCluster('two');
      await world.untilPhase('two', 'Joining');
      const reads = world.parent.requests.filter(({ path }) => path.endsWith('/one-kubeconfig'));
      assert.ok(reads.length <= 3, `read ${reads.length} times`);
      assert.equal(world.discovered('one')?.status?.phase, 'Waiting');
    });
  }

  it('tells refused credentials from missing rights, and tries again', async () => {
    await using world = await FakeWorld.start();
    await world.discover();
    const child = await startFakeApiServer();
    child.failNext({ with: 401, reason: 'Unauthorized' });
    child.failNext({ with: 403, reason: 'Forbidden' });
    await world.createCluster('one', { child });
    await world.untilReason('one', 'ClusterReachable', 'Unauthorized');
    await world.untilReason('one', 'ClusterReachable', 'Forbidden');
    await world.untilPhase('one', 'Joining');
  });

  it('says that a cluster cannot be reached, in the words of Cluster API too', async () => {
    await using world = await FakeWorld.start();
    await world.discover();
    world.putSecret('one', kubeconfig('https://nowhere.test'));
    const conditions = [
      { type: 'RemoteConnectionProbe', status: 'False', reason: 'X', message: 'probe failed' },
    ];
    const initialization = { controlPlaneInitialized: true };
    world.putCluster('one', { status: { initialization, conditions } });
    const { message } = await world.untilReason('one', 'ClusterReachable', 'ConnectionRefused');
    assert.match(message, /probe failed/);
  });
});

describe('discovery: leaving', function (this: Mocha.Suite) {
  this.timeout(30_000);

  it('signs a deleted Cluster off without asking the child', async () => {
    await using world = await FakeWorld.start();
    await world.discover();
    const child = await world.join('one');
    const requests = child.requests.length;
    world.putCluster('one', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } });
    await soon(() => world.parent.objects.list(managedClusters).length === 0);
    await soon(() => world.discovered('one')?.metadata.finalizers?.length === 0);
    assert.equal(child.requests.length, requests);
    world.collectGarbage('one');
    await soon(() => world.discovered('one') === undefined);
    assert.equal(world.parent.objects.list(clusterRegistrationRequests).length, 0);
  });

  it('stops what it is doing when the Cluster is deleted while the child hangs', async () => {
    await using world = await FakeWorld.start();
    await world.discover();
    const child = await startFakeApiServer();
    child.failNext({ with: 'hang', times: 100 });
    await world.createCluster('one', { child });
    await soon(() => child.requests.length > 0);
    world.putCluster('one', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } });
    await world.untilPhase('one', 'Leaving');
    assert.equal(world.parent.objects.list(clusterRegistrationRequests).length, 0);
  });

  it('withdraws a registration that nobody has approved', async () => {
    await using world = await FakeWorld.start();
    world.answer = undefined;
    await world.discover();
    await world.createCluster('one');
    await world.untilReason('one', 'Registered', 'ApprovalPending');
    world.putCluster('one', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } });
    const request = await soon(() =>
      world.parent.objects
        .list(clusterRegistrationRequests)
        .find(({ metadata }) => metadata.annotations?.[annotations.leave]),
    );
    assert.equal(request.metadata.annotations?.[annotations.leave], 'ClusterDeleted');
    await soon(() => world.discovered('one')?.metadata.finalizers?.length === 0);
  });

  it('changes nothing while a Cluster is paused, not even when it is deleted', async () => {
    await using world = await FakeWorld.start();
    await world.discover();
    const child = await world.join('one');
    world.putCluster('one', { spec: { paused: true } });
    await world.untilPhase('one', 'Paused');
    const writes = FakeWorld.writesTo(child);
    const deletionTimestamp = '2026-01-01T00:00:00Z';
    world.putCluster('one', { spec: { paused: true }, metadata: { deletionTimestamp } });
    world.putCluster('two', { status: {} });
    await world.untilPhase('two', 'Waiting');
    assert.equal(world.discovered('one')?.status?.phase, 'Paused');
    assert.equal(world.managed('one')?.metadata.annotations?.[annotations.leave], undefined);
    assert.deepEqual(FakeWorld.writesTo(child), writes);
  });

  it('lets go of a Cluster that clusterctl moves away, and keeps its child', async () => {
    await using world = await FakeWorld.start();
    await world.discover();
    await world.join('one');
    const moved = { [capiNames.deleteForMoveAnnotation]: '' };
    world.putCluster('one', {
      spec: { paused: true },
      metadata: { deletionTimestamp: '2026-01-01T00:00:00Z', annotations: moved },
    });
    const object = world.discovered('one');
    const noted = { ...object?.metadata.annotations, ...moved };
    world.parent.objects.put(discoveredClusters, {
      ...object,
      metadata: {
        ...object?.metadata,
        annotations: noted,
        deletionTimestamp: '2026-01-01T00:00:00Z',
      },
    });
    await soon(() => world.discovered('one') === undefined);
    assert.equal(world.parent.objects.list(managedClusters).length, 1);
  });

  it('signs the old cluster off when another one takes its name', async () => {
    await using world = await FakeWorld.start();
    await world.discover();
    await world.join('one');
    const old = world.discovered('one')?.spec.clusterID;
    world.collectGarbage('one');
    await world.createCluster('one');
    const joining = await world.untilPhase('one', 'Joining');
    assert.notEqual(joining.spec.clusterID, old);
    await soon(() => world.parent.objects.list(managedClusters).length === 1);
  });

  it('recognises a Cluster that was made anew for the same child', async () => {
    await using world = await FakeWorld.start();
    await world.discover();
    await world.join('one');
    const before = world.managed('one')?.metadata.uid;
    // A backup brought it back while nobody watched.
    const uid = randomUUID();
    world.putCluster('one', { metadata: { uid } });
    await soon(() => world.discovered('one')?.spec.clusterRef?.uid === uid);
    assert.equal(world.managed('one')?.metadata.uid, before);
    assert.equal(world.managed('one')?.metadata.annotations?.[annotations.leave], undefined);
  });

  it('does not bring back a cluster whose ManagedCluster somebody deleted', async () => {
    await using world = await FakeWorld.start();
    await world.discover();
    const child = await world.join('one');
    const managed = world.managed('one');
    world.parent.objects.put(managedClusters, {
      ...managed,
      metadata: { ...managed?.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
    });
    await world.untilPhase('one', 'Ignored');
    assert.equal(world.discovered('one')?.spec.detached, true);
    assert.ok(FakeWorld.writesTo(child).some(write => write === `DELETE namespaces ${namespace}`));
  });
});

describe('discovery: restarts and Cluster API coming and going', function (this: Mocha.Suite) {
  this.timeout(30_000);

  it('writes nothing after a restart with nothing to do', async () => {
    await using world = await FakeWorld.start();
    await world.discover();
    const child = await world.join('one');
    await soon(() => world.discovered('one')?.status?.phase === 'Joined');
    await world.discover();
    const before = world.parent.writes().length;
    const asked = child.requests.length;
    world.putCluster('two', { status: {} });
    await world.untilPhase('two', 'Waiting');
    const own = world.parent
      .writes()
      .slice(before)
      .filter(({ path, body }) => !path.includes('/two') && !body.includes('"two"'));
    assert.deepEqual(own, []);
    assert.equal(child.requests.length, asked);
  });

  it('goes on where it was when it restarts half-way', async () => {
    await using world = await FakeWorld.start();
    world.answer = undefined;
    await world.discover();
    await world.createCluster('one');
    const { metadata } = await soon(() => {
      const [request] = world.parent.objects.list(clusterRegistrationRequests);
      return request;
    });
    await world.discover();
    world.answer = 'Approved';
    const [request] = world.parent.objects.list(clusterRegistrationRequests);
    world.parent.objects.put(clusterRegistrationRequests, request);
    await world.untilPhase('one', 'Joining');
    const requests = world.parent.objects.list(clusterRegistrationRequests);
    assert.deepEqual(
      requests.map(each => each.metadata.uid),
      [metadata.uid],
    );
  });

  it('keeps every cluster when Cluster API is removed with all its Clusters', async () => {
    await using world = await FakeWorld.start();
    await world.discover();
    await world.join('one');
    const { customResourceDefinitions } = builtin;
    const definition = world.parent.objects.get(customResourceDefinitions, { name: capiNames.crd });
    world.parent.objects.put(customResourceDefinitions, {
      ...definition,
      metadata: { ...definition?.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
    });
    world.putCluster('one', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } });
    world.collectGarbage('one');
    world.parent.objects.remove(customResourceDefinitions, { name: capiNames.crd });
    await world.untilPolicy('CAPIAvailable', 'NotInstalled');
    assert.equal(world.managed('one')?.metadata.annotations?.[annotations.leave], undefined);
    assert.deepEqual(world.discovered('one')?.metadata.finalizers, [finalizers.discovery]);
  });

  it('keeps every cluster, and says so, when it restarts while Clusters cannot be listed', async () => {
    await using world = await FakeWorld.start();
    await world.discover();
    await world.join('one');
    world.parent.failNext({ path: /^\/apis\/cluster\.x-k8s\.io/, with: 500, times: 1000 });
    await world.discover();
    const { message } = await world.untilPolicy('CAPIAvailable', 'NotAnswering');
    assert.match(message, /made to fail by the test/);
    assert.equal(world.discovered('one')?.status?.phase, 'Joined');
    world.parent.recover();
    await world.untilPolicy('CAPIAvailable', 'Served');
  });

  it('finds Clusters when Cluster API is installed late, and in the version it serves', async () => {
    await using world = await FakeWorld.start();
    world.parent.objects.remove(builtin.customResourceDefinitions, { name: capiNames.crd });
    await world.discover();
    await world.untilPolicy('CAPIAvailable', 'NotInstalled');
    world.installCapi(['v1beta1']);
    await world.untilPolicy('CAPIAvailable', 'Served');
    world.parent.objects.put(
      { ...clusters, version: 'v1beta1' },
      { metadata: { namespace: 'team', name: 'old' }, spec: {}, status: {} },
    );
    await world.untilPhase('old', 'Waiting');
  });
});
