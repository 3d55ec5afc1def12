import assert from 'node:assert/strict';
import { clusterRegistrationRequests } from '../api/clusters/cluster-registration-request.ts';
import { managedClusters } from '../api/clusters/managed-cluster.ts';
import { discoveredClusters } from '../api/discovery/discovered-cluster.ts';
import { namesFor, namespaces, secretKeys, secretNames } from '../api/well-known.ts';
import { isUnauthorized } from '../kube/api-error.ts';
import { builtin } from '../kube/builtin.ts';
import { KubeClient } from '../kube/client.ts';
import { accessWithToken } from '../kube/token-access.ts';
import { eventually } from '../test/eventually.ts';
import { Application } from './application.ts';
import { type Snapshot, snapshots } from './snapshot.ts';
import { childNames, gpu, type Membership, useTestBed } from './test-bed.ts';

const name = 'bremen';
const others = ['parent', ...childNames] as const;

describe('the road, leaving', function () {
  this.timeout(300_000);
  const bed = useTestBed();
  let parent: KubeClient;
  /** In berlin and munich only. */
  let elsewhere: Application;
  /** In bremen too. */
  let everywhere: Application;
  let bremen: Membership;

  before(async () => {
    parent = await bed().client('parent');
    await deleteCluster();
    elsewhere = new Application(bed(), 'road-elsewhere');
    everywhere = new Application(bed(), 'road-everywhere');
    for (const app of [elsewhere, everywhere]) await app.remove();
    await bed().createCluster(name, { [gpu]: 'false' });
    bremen = await bed().joined(name);
    await elsewhere.deliver({ [gpu]: 'true' });
    await elsewhere.settled(['berlin', 'munich']);
    await everywhere.deliver({ 'discovery.clusternet.io/source': 'capi' });
    await everywhere.settled([...childNames, name]);
  });

  after(async () => {
    for (const app of [elsewhere, everywhere]) await app?.remove();
    await deleteCluster();
  });

  async function deleteCluster(): Promise<void> {
    const deletion = ['delete', 'cluster', name, '--ignore-not-found', '--timeout=120s'];
    await bed().kubectl(deletion);
    const key = { namespace: 'default', name };
    await eventually(async () => (await parent.find(discoveredClusters, key)) === undefined, {
      withinMs: 60_000,
      describe: `${name} is signed off`,
    });
  }

  /** What stands for a cluster in the parent, as far as it is there. */
  async function remains({ id, key }: Membership): Promise<string[]> {
    const { namespace } = key;
    const role = namesFor.childClusterRole(id);
    const roles = [role, `${role}-bootstrap`].flatMap(each => [
      parent.find(builtin.clusterRoles, { name: each }),
      parent.find(builtin.clusterRoleBindings, { name: each }),
    ]);
    const accounts = await parent.listAll(builtin.serviceAccounts, { namespace });
    const found = await Promise.all([
      parent.find(managedClusters, key),
      parent.find(builtin.namespaces, { name: namespace }),
      parent.find(clusterRegistrationRequests, { name: namesFor.registrationRequest(id) }),
      parent.find(discoveredClusters, { namespace: 'default', name }),
      parent.find(builtin.leases, { namespace: namespaces.system, name: namesFor.tunnelLease(id) }),
      ...roles,
    ]);
    return [...found, ...accounts].flatMap(each => each?.kind ?? []);
  }

  /** A client of the parent with the token that the agent of the cluster holds. */
  async function asItsAgent(): Promise<KubeClient> {
    const client = await bed().client(name);
    const key = { namespace: namespaces.system, name: secretNames.parentCluster };
    const { data } = await client.get(builtin.secrets, key);
    const token = Buffer.from(data?.[secretKeys.token] ?? '', 'base64').toString();
    const { server, tls } = parent.access;
    return new KubeClient(accessWithToken({ server, caBundle: tls.ca, token }));
  }

  /** All objects of the other clusters, and what is the others' in the parent. */
  async function ofOthers(): Promise<Snapshot> {
    const all = Object.entries(await snapshots(bed(), others));
    // Only these may know of bremen: its own namespace and the Subscription that reached it.
    const own = new RegExp(
      `${bremen.id}|${bremen.key.namespace}|[/ ]${name}|default/${everywhere.name}`,
    );
    return Object.fromEntries(all.filter(([key]) => !own.test(key)));
  }

  it('is gone from the parent within 10 s of its Cluster, and nothing else was touched', async () => {
    const agent = await asItsAgent();
    assert.equal((await agent.get(managedClusters, bremen.key)).spec.clusterId, bremen.id);
    assert.ok((await remains(bremen)).length >= 8, 'what should go is there before');
    const spec = (await everywhere.subscription()).spec;
    const before = await ofOthers();
    await bed().kubectl(['delete', 'cluster', name, '--timeout=120s']);
    await eventually(
      async () => {
        const left = await remains(bremen);
        if (left.length > 0) throw new Error(`left: ${left.join(', ')}`);
        return true;
      },
      { withinMs: 10_000, describe: `nothing of ${name} is left` },
    );
    // An API server remembers for up to ten seconds that a token was good.
    const refused = () => agent.get(managedClusters, bremen.key).then(() => false, isUnauthorized);
    await eventually(refused, { withinMs: 20_000, describe: 'its token is refused' });
    await agent.access.close();
    await everywhere.settled(childNames);
    assert.deepEqual((await everywhere.subscription()).spec, spec);
    assert.deepEqual(await ofOthers(), before);
  });

  it('comes as another cluster when a Cluster of the same name is created', async () => {
    await bed().createCluster(name, { [gpu]: 'false' });
    const again = await bed().joined(name);
    assert.notEqual(again.id, bremen.id);
    assert.notEqual(again.key.namespace, bremen.key.namespace);
    assert.equal(again.key.name, name);
    await everywhere.settled([...childNames, name]);
    assert.deepEqual(
      await remains(bremen),
      ['DiscoveredCluster'],
      'nothing of the old one is back',
    );
  });
});
