import assert from 'node:assert/strict';
import { clusterRegistrationRequests } from '../api/clusters/cluster-registration-request.ts';
import { annotations, labels, namespaces } from '../api/well-known.ts';
import { builtin } from '../kube/builtin.ts';
import { FakeWorld } from './fake-world.ts';

describe('discovery', () => {
  it('joins a Cluster whose control plane is up, without being told anything', async () => {
    await using world = await FakeWorld.start();
    world.discover();
    const child = await world.createCluster('one');
    const { spec } = await world.untilPhase('one', 'Joining');
    const [request] = world.parent.objects.list(clusterRegistrationRequests);
    assert.equal(request?.spec.clusterId, spec.clusterID);
    assert.equal(request?.spec.clusterName, 'one');
    assert.equal(request?.metadata.annotations?.[annotations.discoveryOwner], 'team/one');
    assert.equal(world.managed('one')?.metadata.labels?.[labels.capiCluster], 'one');
    const namespace = namespaces.system;
    const secret = child.objects.get(builtin.secrets, {
      namespace,
      name: 'clusternet-agent-cluster-registration',
    });
    assert.match(Buffer.from(secret?.data?.regToken ?? '', 'base64').toString(), /^bootstrap-/);
    assert.ok(child.objects.get(builtin.deployments, { namespace, name: 'clusternet-agent' }));
    world.setConnected('one', true);
    const joined = await world.untilPhase('one', 'Joined');
    assert.equal(joined.status?.agentVersion, 'v1');
  });
});
