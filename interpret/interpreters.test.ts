import assert from 'node:assert/strict';
import type { ResourceInterpreterSpec } from '../api/apps/resource-interpreter.ts';
import type { DynamicObject } from '../api/kube-object.ts';
import { Interpreters } from './interpreters.ts';

const target = { apiVersion: 'a.test/v1', kind: 'Rollout' };
const signal = AbortSignal.timeout(60_000);
const template = { spec: { containers: [{ resources: { requests: { cpu: '1' } } }] } };
const rollout: DynamicObject = {
  ...target,
  metadata: { name: 'r' },
  spec: { size: 2, cpu: '250m', template },
};

function interpreters(spec: Partial<ResourceInterpreterSpec>): Interpreters {
  const object = {
    apiVersion: 'apps.clusternet.io/v1alpha1',
    kind: 'ResourceInterpreter',
    metadata: { name: 'rollouts' },
    spec: { target, ...spec },
  };
  return new Interpreters([object]);
}

async function misfitOf(spec: Partial<ResourceInterpreterSpec>, object = rollout) {
  const verdict = await interpreters(spec).interpret(object, signal);
  assert.ok('misfit' in verdict, JSON.stringify(verdict));
  return `${verdict.misfit.reason} ${verdict.misfit.field}: ${verdict.misfit.problem}`;
}

describe('Interpreters', () => {
  it('reads replicas and what one needs by paths and by expressions', async () => {
    const byPath = interpreters({
      replicas: { path: '.spec.size' },
      requirements: { podSpec: '.spec.template.spec' },
    });
    const needs = (cpu: string) => ({ resources: { requests: { cpu } } });
    const counted = { replicas: 2, replicaJsonPath: '/spec/size' };
    assert.deepEqual(await byPath.interpret(rollout, signal), {
      interpretation: { ...counted, requirements: needs('1') },
    });
    const byExpression = interpreters({
      replicas: { path: '.spec.size', expression: 'object.spec.size + 1' },
      requirements: {
        expression:
          '{"resources": {"requests": {"cpu": object.spec.cpu}}, "nodeSelector": {"a": "b"}}',
      },
    });
    assert.deepEqual(await byExpression.interpret(rollout, signal), {
      interpretation: {
        ...counted,
        replicas: 3,
        requirements: { ...needs('250m'), nodeSelector: { a: 'b' } },
      },
    });
    const bare = { ...rollout, spec: {} };
    assert.deepEqual(
      await interpreters({ replicas: { path: '.spec.size' } }).interpret(bare, signal),
      {
        interpretation: { replicas: 1, replicaJsonPath: '/spec/size' },
      },
    );
  });

  it('leaves kinds it is not about, and what it does not say, to what Kubernetes knows', async () => {
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: {}, spec: {} };
    const known = { replicas: 1, replicaJsonPath: '/spec/replicas', requirements: {} };
    const all = interpreters({ replicas: { path: '.spec.size' } });
    assert.deepEqual(await all.interpret(deployment, signal), { interpretation: known });
    const onlyHealth = interpreters({ target: deployment, health: 'false' });
    assert.deepEqual(await onlyHealth.interpret(deployment, signal), { interpretation: known });
    assert.equal(all.observe(deployment, {}), undefined);
    assert.deepEqual(onlyHealth.observe(deployment, {}), { available: false });
  });

  it('refuses numbers and needs that cannot be, naming field and interpreter', async () => {
    const by = (expression: string) => ({ replicas: { path: '.spec.size', expression } });
    const at = 'ResourceInterpreter rollouts spec.replicas.expression';
    assert.match(await misfitOf(by('9999999999')), new RegExp(`^InterpreterFailed ${at}: 99999`));
    assert.match(await misfitOf(by('object.spec.nope')), /expression: No such key: nope$/);
    assert.match(
      await misfitOf({ requirements: { expression: '{"tolerations": 1}' } }),
      /spec\.requirements\.expression: the result\/tolerations must be array/,
    );
    assert.match(
      await misfitOf({ replicas: { path: '.spec.cpu' } }),
      /^FieldInvalid \/spec\/cpu: "250m" is not a number of replicas/,
    );
    assert.match(
      await misfitOf({ health: '1' }),
      /^InterpreterNotReady ResourceInterpreter rollouts spec\.health: it is a int, not a bool/,
    );
  });

  it('tells how an object fares, and why it cannot', () => {
    const all = interpreters({
      health: 'status.phase == "Healthy"',
      status: '{"readyReplicas": status.?ready.orValue(null), "replicas": status.size}',
    });
    assert.deepEqual(all.observe(target, { phase: 'Healthy', size: 3, ready: 2 }), {
      available: true,
      replicaStatus: { readyReplicas: 2, replicas: 3 },
    });
    assert.deepEqual(all.observe(target, { phase: 'Sick', size: 3 }), {
      available: false,
      replicaStatus: { replicas: 3 },
    });
    const failure = (status: object, spec: Partial<ResourceInterpreterSpec>) => {
      const observed = interpreters(spec).observe(target, status as Record<string, unknown>);
      assert.ok(observed && 'failure' in observed);
      return `${observed.interpreter} ${observed.failure}`;
    };
    assert.equal(
      failure({}, { health: 'status.phase == ""' }),
      'rollouts spec.health: No such key: phase',
    );
    assert.match(failure({ a: 1 }, { health: 'status.a' }), /spec\.health: the result is neither/);
    assert.match(
      failure({}, { status: '{"pods": 1}' }),
      /spec\.status: pods is not a counter; there/,
    );
    assert.match(
      failure({}, { status: '{"replicas": -1}' }),
      /spec\.status: replicas is -1, which/,
    );
    assert.match(
      failure({ a: 1 }, { status: 'status.a' }),
      /spec\.status: the result is not a map/,
    );
  });

  it('remembers what it said of a status', () => {
    const all = interpreters({ health: 'status.up' });
    const status = { up: true };
    const said = all.observe(target, status);
    assert.equal(all.observe(target, status), said);
    assert.notEqual(all.observe(target, { up: true }), said);
  });

  it('asks no more who took too long three times', () => {
    const all = interpreters({ health: 'status.l.all(a, status.l.all(b, status.l.all(c, true)))' });
    const failures = Array.from({ length: 5 }, () => {
      const observed = all.observe(target, { l: Array(2000).fill(0) });
      return observed && 'failure' in observed ? observed.failure : 'none';
    });
    assert.deepEqual(
      failures.slice(0, 3),
      Array(3).fill('spec.health: it takes longer than 50 ms'),
    );
    const message =
      'spec.health: it took too long 3 times, and is not evaluated again before it changes';
    assert.deepEqual(failures.slice(3), [message, message]);
  });

  it('counts no more by an expression that took too long three times', async () => {
    const expression = 'object.l.all(a, object.l.all(b, object.l.all(c, true))) ? 1 : 2';
    const all = interpreters({ replicas: { path: '.spec.size', expression } });
    const object = { ...rollout, l: Array(2000).fill(0) };
    for (let i = 0; i < 3; i++) await all.interpret(object, signal);
    const verdict = await all.interpret({ ...rollout, l: [] }, signal);
    assert.ok('misfit' in verdict);
    assert.match(verdict.misfit.problem, /^it took too long 3 times/);
  });
});
