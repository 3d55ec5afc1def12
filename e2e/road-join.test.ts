import assert from 'node:assert/strict';
import { clusterRegistrationRequests } from '../api/clusters/cluster-registration-request.ts';
import { managedClusters } from '../api/clusters/managed-cluster.ts';
import { discoveredClusters } from '../api/discovery/discovered-cluster.ts';
import {
  agentLease,
  labels,
  namesFor,
  namespaces,
  secretKeys,
  secretNames,
  serviceAccounts,
} from '../api/well-known.ts';
import { isForbidden, isUnauthorized } from '../kube/api-error.ts';
import { builtin } from '../kube/builtin.ts';
import { KubeClient } from '../kube/client.ts';
import { accessWithToken } from '../kube/token-access.ts';
import { eventually } from '../test/eventually.ts';
import { childNames, children, type Membership, useTestBed } from './test-bed.ts';

const everybody = ['parent', ...childNames] as const;

describe('the road, joining', () => {
  const bed = useTestBed();
  let parent: KubeClient;
  before(async () => {
    parent = await bed().client('parent');
  });

  it('shows three children and the parent Ready, and all Joined', async () => {
    const clusters = await bed().kubectl(['get', 'mcls', '-A', '--no-headers']);
    const rows = clusters.split('\n').map(line => line.split(/\s+/));
    assert.deepEqual(rows.map(([, name]) => name).sort(), [...everybody].sort());
    assert.ok(
      rows.every(row => row.includes('True')),
      clusters,
    );
    const all = await bed().kubectl(['get', 'clusters,dcl', '-A', '--no-headers']);
    const count = (line: RegExp) => all.match(line)?.length;
    assert.equal(count(/^default +cluster\.cluster\S+ /gm), childNames.length, all);
    assert.equal(count(/ discoveredcluster\S+ +Joined +Joined /gm), everybody.length, all);
  });

  for (const name of everybody) {
    it(`names ${name} after its Cluster, in a namespace named by the id its own Lease gives it`, async () => {
      const { id, key } = await bed().joined(name);
      assert.deepEqual(key, { namespace: `clusternet-${id.slice(0, 13)}`, name });
      const { spec, metadata } = await parent.get(managedClusters, key);
      assert.equal(spec.clusterId, id);
      assert.equal(metadata.labels?.[labels.clusterId], id);
      assert.equal(metadata.labels?.[labels.clusterName], name);
      const lease = { namespace: namespaces.system, name: agentLease };
      const own = await (await bed().client(name)).get(builtin.leases, lease);
      assert.equal(own.metadata.uid, id);
    });
  }

  for (const name of childNames) {
    it(`labels ${name} by the features of its nodes and by its Cluster API origin`, async () => {
      const { key } = await bed().joined(name);
      const { metadata } = await parent.get(managedClusters, key);
      const origin = Object.entries(metadata.labels ?? {}).filter(([label]) =>
        /^(capi|feature\.node|discovery)\./.test(label),
      );
      assert.deepEqual(Object.fromEntries(origin), {
        ...children[name],
        'capi.clusternet.io/namespace': 'default',
        'capi.clusternet.io/cluster': name,
        'capi.clusternet.io/infrastructure': 'LocalCluster',
        'capi.clusternet.io/control-plane': 'LocalControlPlane',
        'discovery.clusternet.io/source': 'capi',
      });
    });
  }

  it('has the parent as its own child, which no Cluster stands for', async () => {
    const { key } = await bed().joined('parent');
    const { metadata } = await parent.get(managedClusters, key);
    assert.equal(metadata.labels?.[labels.discoverySource], 'self');
    const self = { namespace: namespaces.system, name: 'self' };
    const { spec } = await parent.get(discoveredClusters, self);
    assert.equal(spec.clusterRef, undefined);
    const origin = Object.keys(metadata.labels ?? {}).filter(label => label.startsWith('capi.'));
    assert.deepEqual(origin, []);
  });

  it('leaves no account to join with and no stored token in the parent', async () => {
    const tokens = await parent.listAll(builtin.secrets, {
      fieldSelector: 'type=kubernetes.io/service-account-token',
    });
    assert.deepEqual(tokens, []);
    for (const name of everybody) {
      const { id, key } = await bed().joined(name);
      const { namespace } = key;
      const accounts = await parent.listAll(builtin.serviceAccounts, { namespace });
      const names = accounts.map(({ metadata }) => metadata.name).sort();
      assert.deepEqual(names, [serviceAccounts.child, 'default']);
      assert.deepEqual(await parent.listAll(builtin.secrets, { namespace }), []);
      const request = { name: namesFor.registrationRequest(id) };
      const { spec, status } = await parent.get(clusterRegistrationRequests, request);
      assert.equal(status?.token, undefined);
      assert.match(spec.publicKey ?? '', /./, 'its key is pinned');
    }
  });

  /** A client of the parent with what the child's Secret holds. */
  async function withTokenOf(child: string, secret: string, key: string): Promise<KubeClient> {
    const client = await bed().client(child);
    const { data } = await client.get(builtin.secrets, {
      namespace: namespaces.system,
      name: secret,
    });
    const token = Buffer.from(data?.[key] ?? assert.fail(`no ${key}`), 'base64').toString();
    const { server, tls } = parent.access;
    const caBundle = String(tls.ca);
    return new KubeClient(accessWithToken({ server: String(server), caBundle, token }));
  }

  it('leaves in a child a bootstrap token that is good for nothing any more', async () => {
    const { clusterRegistration } = secretNames;
    const key = secretKeys.registrationToken;
    const client = await withTokenOf('berlin', clusterRegistration, key);
    // An API server remembers for up to ten seconds that a token was good.
    await eventually(() => client.listAll(builtin.namespaces).then(() => false, isUnauthorized), {
      withinMs: 20_000,
      describe: 'the token is refused',
    });
    await client.access.close();
  });

  it('lets the token of a child read that child in the parent and no other', async () => {
    const client = await withTokenOf('berlin', secretNames.parentCluster, secretKeys.token);
    const own = await bed().joined('berlin');
    const other = await bed().joined('munich');
    assert.equal((await client.get(managedClusters, own.key)).spec.clusterId, own.id);
    await assert.rejects(client.get(managedClusters, other.key), isForbidden);
    await assert.rejects(client.listAll(managedClusters), isForbidden);
    await assert.rejects(client.listAll(builtin.secrets, own.key), isForbidden);
    const attach = ({ id }: Membership) =>
      client.requestJson({
        method: 'GET',
        path: `/apis/proxies.clusternet.io/v1alpha1/sockets/${id}/attach`,
      });
    await assert.rejects(attach(own), { code: 400, message: /wants a websocket/ });
    await assert.rejects(attach(other), isForbidden);
    await client.access.close();
  });
});
