import assert from 'node:assert/strict';
import { Value } from 'typebox/value';
import { replicaRequirementsSchema } from '../api/apps/feed-inventory.ts';
import { podRequirements } from './pod-requirements.ts';

const asking = (requests: object, more = {}) => ({ name: 'c', resources: { requests }, ...more });

function requirementsOf(podSpec: unknown) {
  const result = podRequirements(podSpec, '/spec/template/spec');
  assert.ok('requirements' in result, JSON.stringify(result));
  return result.requirements;
}

function misfitOf(podSpec: unknown) {
  const result = podRequirements(podSpec, '/spec/template/spec');
  assert.ok('misfit' in result);
  return `${result.misfit.field}: ${result.misfit.problem}`;
}

describe('podRequirements', () => {
  const requests = [
    {
      title: 'adds up containers and writes bytes by powers of two',
      podSpec: {
        containers: [
          asking({ cpu: '500m', memory: '64Mi' }),
          asking({ cpu: 1, memory: '64Mi', 'ephemeral-storage': '1Gi' }),
        ],
      },
      wanted: { cpu: '1500m', 'ephemeral-storage': '1Gi', memory: '128Mi' },
    },
    {
      title: 'counts an init container instead where it needs more, per pod',
      podSpec: {
        initContainers: [asking({ cpu: '2' })],
        containers: [asking({ cpu: '500m' }), asking({ cpu: '500m' })],
      },
      wanted: { cpu: '2' },
    },
    {
      title: 'counts sidecars with the containers',
      podSpec: {
        initContainers: [asking({ cpu: '1' }, { restartPolicy: 'Always' })],
        containers: [asking({ cpu: '1' })],
      },
      wanted: { cpu: '2' },
    },
    {
      title: 'adds the overhead',
      podSpec: { containers: [asking({ cpu: '1' })], overhead: { cpu: '250m', memory: '120Mi' } },
      wanted: { cpu: '1250m', memory: '120Mi' },
    },
    {
      title: 'takes what the pod as a whole requests in their place',
      podSpec: {
        containers: [asking({ cpu: '1' })],
        resources: { requests: { cpu: '3' }, limits: { memory: '1Gi' } },
      },
      wanted: { cpu: '3', memory: '1Gi' },
    },
    {
      title: 'takes a limit for an absent request',
      podSpec: { containers: [{ resources: { limits: { cpu: '2', 'example.com/gpu': 4 } } }] },
      wanted: { cpu: '2', 'example.com/gpu': '4' },
    },
  ];
  for (const { title, podSpec, wanted } of requests) {
    it(title, () => assert.deepEqual(requirementsOf(podSpec), { resources: { requests: wanted } }));
  }

  it('takes over where the pod may run, and leaves out what nobody could store', () => {
    const podSpec = {
      nodeSelector: { disk: 'ssd' },
      tolerations: [{ key: 'gpu', operator: 'Exists', comment: 'ours' }],
      affinity: { nodeAffinity: null, podAffinity: { newFromKubernetes: [] } },
      containers: [{ name: 'c', image: 'i' }],
    };
    const requirements = requirementsOf(podSpec);
    assert.deepEqual(requirements, {
      nodeSelector: { disk: 'ssd' },
      tolerations: [{ key: 'gpu', operator: 'Exists' }],
      affinity: { podAffinity: {} },
    });
    assert.ok(Value.Check(replicaRequirementsSchema, requirements));
    assert.equal(podSpec.tolerations[0]?.comment, 'ours', 'the template itself is not touched');
  });

  it('needs nothing where nothing is said', () => {
    assert.deepEqual(requirementsOf(undefined), {});
    assert.deepEqual(requirementsOf({ containers: [{ resources: null }] }), {});
  });

  it('names the field that is not what a pod has', () => {
    assert.match(misfitOf('x'), /^\/spec\/template\/spec: must be object/);
    assert.match(
      misfitOf({ containers: {} }),
      /^\/spec\/template\/spec\/containers: must be array/,
    );
    assert.match(
      misfitOf({ containers: [], tolerations: [{ tolerationSeconds: 'long' }] }),
      /^\/spec\/template\/spec\/tolerations\/0\/tolerationSeconds: must be integer/,
    );
  });
});
