import assert from 'node:assert/strict';
import { descriptions } from '../api/apps/description.ts';
import { clusterRegistrationRequests } from '../api/clusters/cluster-registration-request.ts';
import { type ManagedCluster, managedClusters } from '../api/clusters/managed-cluster.ts';
import {
  agentLease,
  annotations,
  finalizers,
  namesFor,
  namespaces,
  secretKeys,
  secretNames,
  serviceAccounts,
} from '../api/well-known.ts';
import { startTestCluster, type TestCluster } from '../hack/local/test-cluster.ts';
import { builtin } from '../kube/builtin.ts';
import { KubeClient } from '../kube/client.ts';
import { accessWithToken } from '../kube/token-access.ts';
import { agentIdentity } from '../manifests/agent.ts';
import { identityObjects } from '../manifests/identity.ts';
import { eventually } from '../test/eventually.ts';
import { suiteSignal } from '../test/suite-signal.ts';
import { type AgentProcess, startAgent } from './agent-process.ts';
import { applyAll, type HubProcess, prepareForHub, startHub } from './hub-process.ts';

const bootstrapToken = { id: '07401b', secret: 'f395accd246ae52d' };
const withinMs = 30_000;

describe('an agent that is started by hand', () => {
  const signal = suiteSignal(170_000);
  let cluster: TestCluster;
  let hub: HubProcess;
  let agent: AgentProcess;

  before(async () => {
    cluster = await startTestCluster({ name: 'join' }, signal);
    hub = await startHub(cluster, await prepareForHub(cluster, signal));
    const subject = { name: serviceAccounts.appDeployer, namespace: namespaces.system };
    const apiGroup = 'rbac.authorization.k8s.io';
    await applyAll(
      cluster,
      [
        ...identityObjects(agentIdentity, namespaces.system),
        { apiVersion: 'v1', kind: 'ServiceAccount', metadata: subject },
        {
          apiVersion: `${apiGroup}/v1`,
          kind: 'ClusterRoleBinding',
          metadata: { name: 'deployer' },
          roleRef: { apiGroup, kind: 'ClusterRole', name: 'cluster-admin' },
          subjects: [{ kind: 'ServiceAccount', ...subject }],
        } as never,
      ],
      signal,
    );
    await allowBootstrapToken();
    await putRegistration(`${bootstrapToken.id}.${bootstrapToken.secret}`);
    agent = await startAgent(cluster, ['--cluster-reg-name=edge', '--cluster-labels=tier=gold']);
  });

  after(async () => {
    await agent?.kill('SIGTERM');
    await hub?.kill('SIGTERM');
    await cluster?.[Symbol.asyncDispose]();
  });

  /** A token as kubeadm makes them, of the group that may register. */
  async function allowBootstrapToken() {
    const name = `bootstrap-token-${bootstrapToken.id}`;
    await cluster.client.create(builtin.secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace: 'kube-system', name },
      type: 'bootstrap.kubernetes.io/token',
      stringData: {
        'token-id': bootstrapToken.id,
        'token-secret': bootstrapToken.secret,
        'usage-bootstrap-authentication': 'true',
        'auth-extra-groups': 'system:bootstrappers:clusternet:register-cluster-token',
      },
    });
  }

  async function putRegistration(token: string) {
    const { server, caBundle } = cluster.controlPlane;
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace: namespaces.system, name: secretNames.clusterRegistration },
      stringData: {
        [secretKeys.parentURL]: server,
        [secretKeys.registrationToken]: token,
        [secretKeys.caCertificate]: caBundle,
      },
    };
    const options = { fieldManager: 'test', force: true };
    await cluster.client.apply(builtin.secrets, secret, options);
  }

  /** Whether the parent accepts the token that the agent has stored. */
  async function isTokenAccepted(): Promise<boolean> {
    const key = { namespace: namespaces.system, name: secretNames.parentCluster };
    const { data } = await cluster.client.get(builtin.secrets, key);
    const token = Buffer.from(data?.[secretKeys.token] ?? '', 'base64').toString();
    const { server, caBundle } = cluster.controlPlane;
    const access = accessWithToken({ server, caBundle, token });
    const { statusCode, body } = await new KubeClient(access).request({
      method: 'GET',
      path: '/api',
    });
    await body.text();
    await access.close();
    return statusCode !== 401;
  }

  const lease = () =>
    cluster.client.get(builtin.leases, { namespace: namespaces.system, name: agentLease });
  const note = async () => (await lease()).metadata.annotations?.[annotations.lastDialError];
  const clusterId = async () => (await lease()).metadata.uid ?? '';
  const theCluster = async (): Promise<ManagedCluster | undefined> =>
    (await cluster.client.listAll(managedClusters))[0];
  const isReady = async () => {
    const conditions = (await theCluster())?.status?.conditions ?? [];
    return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
  };
  const opened = () => agent.log().split('"msg":"tunnel is open"').length - 1;

  function waitFor(describe: string, check: () => unknown) {
    return eventually(async () => Boolean(await check()), { withinMs, describe }).catch(error =>
      assert.fail(`${error.message}\n${agent.log()}`),
    );
  }

  it('registers with a bootstrap token, joins by its key, reports and opens its tunnel', async () => {
    await waitFor('Ready', isReady);
    const joined = await theCluster();
    assert.equal(joined?.metadata.name, 'edge');
    assert.equal(joined?.metadata.labels?.tier, 'gold');
    assert.equal(joined?.spec.clusterId, await clusterId());
    assert.match(joined?.status?.k8sVersion ?? '', /^v1\./);
    assert.equal(joined?.status?.livez, true);
    const name = namesFor.registrationRequest(await clusterId());
    const request = await cluster.client.get(clusterRegistrationRequests, { name });
    assert.ok(request.spec.publicKey);
    assert.equal(request.status?.token, undefined, 'no token is stored in the parent');
  });

  it('applies what its dedicated namespace holds', async () => {
    const { namespace = '' } = (await theCluster())?.metadata ?? {};
    const object = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'delivered', namespace: 'default' },
    };
    await cluster.client.create(descriptions, {
      apiVersion: 'apps.clusternet.io/v1alpha1',
      kind: 'Description',
      metadata: { namespace, name: 'app', finalizers: [finalizers.apps] },
      spec: {
        deployer: 'Generic',
        raw: [Buffer.from(JSON.stringify(object)).toString('base64')],
      },
    });
    const key = { namespace: 'default', name: 'delivered' };
    await waitFor('delivered', () => cluster.client.find(builtin.configMaps, key));
    await cluster.client.delete(descriptions, { namespace, name: 'app' });
    await waitFor('withdrawn', async () => {
      return (await cluster.client.find(builtin.configMaps, key)) === undefined;
    });
  });

  it('resumes with its stored credential after a crash, and nobody sees a change', async () => {
    const before = (await theCluster())?.metadata.resourceVersion;
    assert.equal(await agent.kill('SIGKILL'), 'SIGKILL');
    await putRegistration('not-a-token.at-all');
    agent = await startAgent(cluster);
    await waitFor('tunnel', () => opened() === 1);
    assert.ok(!agent.log().includes('joined the parent'), 'no new credential was needed');
    assert.equal((await theCluster())?.metadata.resourceVersion, before);
  });

  it('says on its Lease that the token is refused, and joins anew once there is a good one', async () => {
    const { namespace = '' } = (await theCluster())?.metadata ?? {};
    await agent.kill('SIGTERM');
    const account = { namespace, name: serviceAccounts.child };
    await cluster.client.delete(builtin.serviceAccounts, account);
    // The API server remembers for some seconds that a token was good.
    await waitFor('the token is no longer accepted', async () => !(await isTokenAccepted()));
    agent = await startAgent(cluster);
    await waitFor('note', async () => (await note())?.startsWith('TokenRefused: '));
    await putRegistration(`${bootstrapToken.id}.${bootstrapToken.secret}`);
    await waitFor('tunnel', () => opened() === 1);
    await waitFor('the note is taken back', async () => (await note()) === undefined);
    assert.ok(await isReady());
  });

  it('cannot come back with another key, and says what to do', async () => {
    await agent.kill('SIGTERM');
    const secret = { namespace: namespaces.system, name: secretNames.parentCluster };
    await cluster.client.delete(builtin.secrets, secret);
    agent = await startAgent(cluster);
    await waitFor('note', async () => (await note())?.startsWith('KeyMismatch: '));
    assert.match((await note()) ?? '', /pinned to another key.*administrator/);
  });

  it('ends cleanly, and never with a secret in its log', async () => {
    const log = agent.log();
    assert.equal(await agent.kill('SIGTERM'), 0);
    assert.ok(!log.includes(bootstrapToken.secret));
    assert.ok(!/eyJ[\w-]+\.[\w-]+\./.test(log), 'no token in the log');
    agent = await startAgent(cluster);
  });
});
