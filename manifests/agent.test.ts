import assert from 'node:assert/strict';
import type { DynamicObject } from '../api/kube-object.ts';
import { agentObjects } from './agent.ts';

const options = {
  namespace: 'clusternet-system',
  image: 'registry.example.com/clusternet:v1',
  replicas: 2,
  deployerRole: 'ClusterAdmin',
  parentURL: 'https://parent.example.com:6443',
  caBundle: '-----BEGIN CERTIFICATE-----\n',
  bootstrapToken: 'a.b.c',
};

type Loose = DynamicObject & { readonly data?: Readonly<Record<string, string>> };

function find(objects: readonly object[], kind: string, name: string): Loose {
  const found = (objects as readonly Loose[]).find(
    each => each.kind === kind && each.metadata.name === name,
  );
  return found ?? assert.fail(`no ${kind} ${name}`);
}

describe('agentObjects', () => {
  it('makes everything in an order in which it can be applied', () => {
    const kinds = agentObjects(options).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    assert.deepEqual(kinds, [
      'Namespace clusternet-system',
      'ServiceAccount clusternet-agent',
      'ClusterRole clusternet-system-agent',
      'ClusterRoleBinding clusternet-system-agent',
      'Role clusternet-agent',
      'RoleBinding clusternet-agent',
      'ServiceAccount clusternet-app-deployer',
      'ClusterRoleBinding clusternet-system-app-deployer',
      'Secret clusternet-agent-cluster-registration',
      'Deployment clusternet-agent',
    ]);
  });

  it("puts the way to the parent into upstream's Secret, and the token nowhere else", () => {
    const objects = agentObjects(options);
    const secret = find(objects, 'Secret', 'clusternet-agent-cluster-registration');
    assert.deepEqual(
      Object.entries(secret.data ?? {}).map(([key, value]) => [key, atob(value)]),
      [
        ['parentURL', options.parentURL],
        ['regToken', options.bootstrapToken],
        ['ca.crt', options.caBundle],
      ],
    );
    const others = JSON.stringify(objects.filter(({ kind }) => kind !== 'Secret'));
    assert.ok(!others.includes(options.bootstrapToken));
    assert.ok(!others.includes(btoa(options.bootstrapToken)));
  });

  it('binds the deployer to what deployerRole says', () => {
    const roleFor = (deployerRole: string) => {
      const objects = agentObjects({ ...options, deployerRole });
      const binding = find(objects, 'ClusterRoleBinding', 'clusternet-system-app-deployer');
      return (binding as unknown as { roleRef: { name: string } }).roleRef.name;
    };
    assert.equal(roleFor('ClusterAdmin'), 'cluster-admin');
    assert.equal(roleFor('Workloads'), 'clusternet-system-workloads');
    assert.equal(roleFor('team-a'), 'team-a');
  });

  it('makes Workloads a role others can add to by label', () => {
    const objects = agentObjects({ ...options, deployerRole: 'Workloads' });
    const label = { 'clusternet.io/aggregate-to-app-deployer': 'true' };
    const role = find(objects, 'ClusterRole', 'clusternet-system-workloads');
    assert.deepEqual(role.aggregationRule, { clusterRoleSelectors: [{ matchLabels: label }] });
    const basic = find(objects, 'ClusterRole', 'clusternet-system-workloads-basic');
    assert.deepEqual(basic.metadata.labels, label);
  });

  it('runs the agent as the policy says', () => {
    const toleration = { key: 'gpu', operator: 'Exists' };
    const objects = agentObjects({
      ...options,
      tolerations: [toleration],
      nodeSelector: { disk: 'ssd' },
      imagePullSecrets: [{ name: 'registry' }],
      extraArgs: ['--labels-aggregate-threshold=0.5'],
    });
    const { spec } = find(objects, 'Deployment', 'clusternet-agent') as unknown as {
      spec: {
        replicas: number;
        template: {
          spec: {
            tolerations: { key?: string }[];
            nodeSelector: object;
            imagePullSecrets: object[];
            containers: { image: string; args: string[] }[];
          };
        };
      };
    };
    const pod = spec.template.spec;
    assert.equal(spec.replicas, 2);
    assert.deepEqual(pod.tolerations.at(-1), toleration);
    const keys = pod.tolerations.map(({ key }) => key);
    assert.ok(keys.includes('node-role.kubernetes.io/control-plane'));
    assert.ok(keys.includes('node.cluster.x-k8s.io/uninitialized'));
    assert.deepEqual(pod.nodeSelector, { disk: 'ssd' });
    assert.deepEqual(pod.imagePullSecrets, [{ name: 'registry' }]);
    assert.equal(pod.containers[0]?.image, options.image);
    assert.deepEqual(pod.containers[0]?.args, ['agent', '--labels-aggregate-threshold=0.5']);
  });
});
