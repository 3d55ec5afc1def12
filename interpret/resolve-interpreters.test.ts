import assert from 'node:assert/strict';
import fc from 'fast-check';
import type {
  ResourceInterpreter,
  ResourceInterpreterSpec,
} from '../api/apps/resource-interpreter.ts';
import { resolveInterpreters } from './resolve-interpreters.ts';

function interpreter(
  name: string,
  spec: Partial<ResourceInterpreterSpec> = {},
  creationTimestamp = '2026-01-01T00:00:00Z',
): ResourceInterpreter {
  return {
    apiVersion: 'apps.clusternet.io/v1alpha1',
    kind: 'ResourceInterpreter',
    metadata: { name, creationTimestamp },
    spec: { target: { apiVersion: 'a.test/v1', kind: name }, ...spec },
  };
}

const replicas = { path: '.spec.size' };
const target = { apiVersion: 'a.test/v1', kind: 'Rollout' };
const signal = AbortSignal.timeout(60_000);

function problemOf(name: string, ...all: ResourceInterpreter[]): string {
  const problem = resolveInterpreters(all).problems.get(name);
  return problem ? `${problem.reason} ${problem.field}: ${problem.problem}` : 'none';
}

async function interpretationBy(name: string, ...all: ResourceInterpreter[]): Promise<unknown> {
  const resolved = resolveInterpreters(all).byKind.get(`a.test/v1/${name}`);
  assert.ok(resolved && 'interpreter' in resolved);
  const object = { apiVersion: 'a.test/v1', kind: name, metadata: {}, spec: { size: 2, pods: 3 } };
  return resolved.interpreter.interpret?.(object, signal);
}

describe('resolveInterpreters', () => {
  it('gives a kind to the oldest of its interpreters, by name among equals', () => {
    const first = interpreter('b', { target }, '2026-01-01T00:00:00Z');
    const second = interpreter('a', { target }, '2026-01-02T00:00:00Z');
    const third = interpreter('c', { target }, '2026-01-01T00:00:00Z');
    const { byKind, problems } = resolveInterpreters([third, second, first]);
    assert.equal(byKind.get('a.test/v1/Rollout')?.name, 'b');
    assert.deepEqual([...problems.keys()].sort(), ['a', 'c']);
    assert.equal(
      problemOf('a', third, second, first),
      'DuplicateKind spec.target: a.test/v1/Rollout is interpreted by ResourceInterpreter b, which is older',
    );
  });

  it('takes from its base what an interpreter does not say', async () => {
    const base = interpreter('base', { replicas, health: 'true' });
    const middle = interpreter('middle', { base: 'base' });
    const top = interpreter('top', { base: 'middle', replicas: { path: '.spec.pods' } });
    const counted = (size: number, replicaJsonPath: string) => ({
      interpretation: { replicas: size, replicaJsonPath },
    });
    const all = [base, middle, top];
    assert.deepEqual(await interpretationBy('middle', ...all), counted(2, '/spec/size'));
    assert.deepEqual(await interpretationBy('top', ...all), counted(3, '/spec/pods'));
  });

  it('refuses a base that is not there, and one that leads back, and leaves others alone', () => {
    const all = [
      interpreter('lost', { base: 'nobody' }),
      interpreter('a', { base: 'b' }),
      interpreter('b', { base: 'a' }),
      interpreter('self', { base: 'self' }),
      interpreter('on', { base: 'a' }),
      interpreter('fine', { replicas }),
    ];
    assert.equal(
      problemOf('lost', ...all),
      'BaseMissing spec.base: there is no ResourceInterpreter nobody',
    );
    assert.equal(problemOf('a', ...all), 'BaseCycle spec.base: a → b → a ends nowhere');
    assert.match(problemOf('on', ...all), /^BaseCycle/);
    assert.match(problemOf('self', ...all), /^BaseCycle/);
    assert.equal(problemOf('fine', ...all), 'none');
  });

  it('names the field of an expression that is wrong', () => {
    const wrong = {
      'spec.replicas.expression': { replicas: { ...replicas, expression: 'true' } },
      'spec.requirements.expression': { requirements: { expression: '1' } },
      'spec.health': { health: 'object.spec' },
      'spec.status': { status: '[1]' },
    };
    for (const [field, spec] of Object.entries(wrong)) {
      const problem = problemOf('x', interpreter('x', spec));
      assert.ok(problem.startsWith(`ExpressionInvalid ${field}: `), problem);
    }
    const webhook = { url: 'https://w.test', caBundle: 'AAAA' };
    assert.match(
      problemOf('x', interpreter('x', { webhook })),
      /^CABundleInvalid spec\.webhook\.caBundle/,
    );
  });

  it('decides for each, the same whatever the order, and works for no kind by two', () => {
    const names = fc.constantFrom('a', 'b', 'c', 'd');
    const any = fc.uniqueArray(
      fc.record({ name: names, kind: names, base: fc.option(names, { nil: undefined }) }),
      { selector: ({ name }) => name, maxLength: 4 },
    );
    fc.assert(
      fc.property(any, drawn => {
        const all = drawn.map(({ name, kind, base }) =>
          interpreter(name, { target: { ...target, kind }, replicas, ...(base && { base }) }),
        );
        const { byKind, problems } = resolveInterpreters(all);
        assert.deepEqual(resolveInterpreters(all.toReversed()).problems, problems);
        for (const { metadata, spec } of all) {
          const resolved = byKind.get(`a.test/v1/${spec.target.kind}`);
          const works =
            resolved !== undefined && resolved.name === metadata.name && 'interpreter' in resolved;
          assert.equal(works, !problems.has(metadata.name ?? ''));
        }
      }),
    );
  });
});
