import assert from 'node:assert/strict';
import type { KubeObject } from '../../api/kube-object.ts';
import { builtin } from '../../kube/builtin.ts';
import type { Deployment, RoleBinding } from '../../kube/builtin-kinds.ts';
import { KubeClient } from '../../kube/client.ts';
import { agentObjects } from '../../manifests/agent.ts';
import { type FakeApiServer, startFakeApiServer } from '../../test/fake-api-server.ts';
import { applyAgent } from './apply-agent.ts';
import { Blocked } from './blocked.ts';
import { removeAgent } from './remove-agent.ts';

const namespace = 'clusternet-system';
const key = { namespace, name: 'clusternet-agent' };

function agent(deployerRole = 'ClusterAdmin'): readonly KubeObject[] {
  return agentObjects({
    namespace,
    image: 'example.test/clusternet:v1',
    replicas: 1,
    deployerRole,
    parentURL: 'https://parent.test',
    caBundle: 'PEM',
    bootstrapToken: 'secret-token',
  });
}

describe('applyAgent', () => {
  const { signal } = new AbortController();
  let server: FakeApiServer;
  let child: KubeClient;

  beforeEach(async () => {
    server = await startFakeApiServer();
    child = new KubeClient(server.access());
  });

  afterEach(() => server.close());

  it('applies the namespace first and the Deployment last', async () => {
    await applyAgent(child, agent(), signal);
    const kinds = server.writes().map(({ body }) => (JSON.parse(body) as KubeObject).kind);
    assert.equal(kinds[0], 'Namespace');
    assert.equal(kinds.at(-1), 'Deployment');
    assert.ok(kinds.length > 6);
  });

  it('leaves a number of replicas alone that somebody scaled by hand', async () => {
    await applyAgent(child, agent(), signal);
    const deployment = server.objects.get(builtin.deployments, key);
    server.objects.put(builtin.deployments, {
      ...deployment,
      spec: { ...deployment?.spec, replicas: 0 },
    });
    const scaled = { manager: 'kubectl', operation: 'Update', subresource: 'scale' };
    const fieldsV1 = { 'f:spec': { 'f:replicas': {} } };
    server.answer('GET', `/apis/apps/v1/namespaces/${namespace}/deployments/${key.name}`, () => ({
      ...server.objects.get(builtin.deployments, key),
      metadata: { ...deployment?.metadata, managedFields: [{ ...scaled, fieldsV1 }] },
    }));
    await applyAgent(child, agent(), signal);
    const [last] = server.writes().slice(-1);
    assert.equal((JSON.parse(last?.body ?? '') as Deployment).spec?.replicas, undefined);
  });

  it('makes a binding anew whose role the policy has changed', async () => {
    await applyAgent(child, agent('ClusterAdmin'), signal);
    const name = 'clusternet-system-app-deployer';
    const before = server.objects.get(builtin.clusterRoleBindings, { name });
    server.failNext({
      method: 'PATCH',
      path: new RegExp(`${name}\\?`),
      with: 422,
      reason: 'Invalid',
    });
    await applyAgent(child, agent('view'), signal);
    const after: RoleBinding | undefined = server.objects.get(builtin.clusterRoleBindings, {
      name,
    });
    assert.equal(after?.roleRef.name, 'view');
    assert.notEqual(after?.metadata.uid, before?.metadata.uid);
  });

  it('names the object that the cluster refuses, and shows no secret', async () => {
    for (const [code, reason] of [
      [403, 'Forbidden'],
      [422, 'AdmissionDenied'],
    ] as const) {
      server.failNext({ method: 'PATCH', path: /secrets/, with: code, reason: 'X' });
      await assert.rejects(applyAgent(child, agent(), signal), (error: unknown) => {
        assert.ok(error instanceof Blocked);
        assert.equal(error.reason, reason);
        assert.match(error.message, /Secret clusternet-agent-cluster-registration/);
        assert.doesNotMatch(error.message, /secret-token/);
        return true;
      });
    }
  });

  it('is undone by removeAgent, which leaves nothing of it', async () => {
    await applyAgent(child, agent(), signal);
    await removeAgent(child, agent(), signal);
    for (const resource of [builtin.clusterRoles, builtin.clusterRoleBindings, builtin.namespaces])
      assert.deepEqual(server.objects.list<KubeObject>(resource), []);
  });
});
