import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { DynamicObject } from '../api/kube-object.ts';
import { interpretWorkload } from './interpret-workload.ts';

const containers = [{ name: 'c', resources: { requests: { cpu: '100m' } } }];
const template = { spec: { containers } };
const requirements = { resources: { requests: { cpu: '100m' } } };

function workload(apiVersion: string, kind: string, spec: object): DynamicObject {
  return { apiVersion, kind, metadata: { name: 'x' }, spec };
}

const divisible = [
  ...['apps/v1', 'apps/v1beta2', 'apps/v1beta1', 'extensions/v1beta1'].map(v => [v, 'Deployment']),
  ...['apps/v1', 'apps/v1beta2', 'extensions/v1beta1'].map(v => [v, 'ReplicaSet']),
  ...['apps/v1', 'apps/v1beta2', 'apps/v1beta1'].map(v => [v, 'StatefulSet']),
] as [string, string][];

const indivisible = [
  ['batch/v1', 'Job', { parallelism: 3, completions: 9, template }],
  ['batch/v1', 'CronJob', { jobTemplate: { spec: { template } } }],
  ['batch/v1beta1', 'CronJob', { jobTemplate: { spec: { template } } }],
  ['apps/v1', 'DaemonSet', { template }],
  ['apps/v1beta2', 'DaemonSet', { template }],
  ['extensions/v1beta1', 'DaemonSet', { template }],
] as const;

describe('interpretWorkload', () => {
  for (const [apiVersion, kind] of divisible) {
    it(`reads the replicas of a ${kind} of ${apiVersion}, 1 where it does not say, and what one needs`, () => {
      const replicaJsonPath = '/spec/replicas';
      for (const [written, replicas] of [
        [{ replicas: 3 }, 3],
        [{ replicas: 0 }, 0],
        [{ replicas: null }, 1],
        [{}, 1],
      ] as const) {
        assert.deepEqual(interpretWorkload(workload(apiVersion, kind, { ...written, template })), {
          interpretation: { replicas, replicaJsonPath, requirements },
        });
      }
    });
  }

  for (const [apiVersion, kind, spec] of indivisible) {
    it(`divides no ${kind} of ${apiVersion}, but knows what a pod of it needs`, () => {
      const verdict = interpretWorkload(workload(apiVersion, kind, spec));
      assert.deepEqual(verdict, { interpretation: { requirements } });
    });
  }

  it('says nothing of other kinds, not even of one with the same name in another group', () => {
    for (const apiVersion of ['v1', 'example.test/v1', 'apps/v9']) {
      const other = workload(apiVersion, 'Deployment', { replicas: 3, template });
      assert.deepEqual(interpretWorkload(other), { interpretation: {} });
    }
  });

  it('refuses what is no number of replicas, naming the field and what is allowed', () => {
    for (const replicas of [-1, 1.5, '3', 2 ** 31, {}, Number.NaN]) {
      const verdict = interpretWorkload(workload('apps/v1', 'Deployment', { replicas, template }));
      assert.ok('misfit' in verdict, String(replicas));
      assert.equal(verdict.misfit.field, '/spec/replicas');
      assert.match(verdict.misfit.problem, /is not a number of replicas, which is 0 to 2147483647/);
    }
  });

  it('gives a verdict on whatever a template holds', () => {
    const kind = fc.constantFrom(...divisible, ['batch/v1', 'CronJob']);
    fc.assert(
      fc.property(kind, fc.jsonValue(), ([apiVersion = '', name = ''], spec) => {
        const object = { apiVersion, kind: name, metadata: {}, spec };
        const verdict = interpretWorkload(object);
        assert.ok('interpretation' in verdict || verdict.misfit.field.startsWith('/spec'));
      }),
    );
  });
});
