import assert from 'node:assert/strict';
import { compileExpression, type ResultType } from './expression.ts';

const object = {
  spec: { pools: [{ size: 2 }, { size: 3 }], share: 0.5, name: 'x', replicas: 4, none: null },
};

function evaluate(text: string, wanted: ResultType = 'int', input: object = object): unknown {
  const compiled = compileExpression(text, 'object', wanted);
  assert.ok(typeof compiled !== 'string', String(compiled));
  return compiled.evaluate(input as Record<string, unknown>);
}

function problem(text: string, wanted: ResultType = 'int'): string {
  const compiled = compileExpression(text, 'object', wanted);
  return typeof compiled === 'string' ? compiled : 'none';
}

describe('compileExpression', () => {
  it('evaluates over JSON, whole numbers as integers', () => {
    assert.equal(evaluate('object.spec.replicas * 2'), 8);
    assert.equal(evaluate('object.spec.pools.map(p, p.size)[1]'), 3);
    assert.equal(evaluate('object.?spec.?nope.orValue(7)'), 7);
    assert.equal(evaluate('has(object.spec.none) && object.spec.share < 1.0', 'bool'), true);
    assert.deepEqual(
      evaluate('{"resources": {"requests": {"cpu": object.spec.replicas}}}', 'map'),
      {
        resources: { requests: { cpu: 4 } },
      },
    );
  });

  it('says what is wrong in one line before anything is evaluated', () => {
    assert.equal(problem('object.spec.'), 'Expected IDENTIFIER, got EOF');
    assert.match(problem('other.spec'), /^Unknown variable: other/);
    assert.match(problem('1 + "a"'), /int \+ string/);
    assert.equal(problem('"three"'), 'it is a string, not a int');
    assert.equal(problem('object.spec.replicas > 1'), 'it is a bool, not a int');
    assert.match(problem(Array(600).fill('1').join(' + ')), /Exceeded/);
    assert.match(problem(`${'('.repeat(200)}1${')'.repeat(200)}`), /Exceeded/);
  });

  it('says what went wrong when it was evaluated', () => {
    assert.throws(() => evaluate('object.spec.missing'), { message: 'No such key: missing' });
    assert.throws(() => evaluate('object.spec.name + 1'), { message: /no such overload/ });
    assert.throws(() => evaluate('1 / (object.spec.replicas - 4)'), {
      message: /division by zero/,
    });
    assert.throws(() => evaluate('object.constructor'), { message: 'No such key: constructor' });
    assert.throws(() => evaluate('{"a": 1.0 / 0.0}', 'map'), {
      message: 'the result is not JSON: Infinity',
    });
    assert.throws(() => evaluate('{"at": timestamp("2026-01-01T00:00:00Z")}', 'map'), {
      message: 'the result is not JSON',
    });
  });

  it('ends a loop, a regular expression and a result that have no end in sight', () => {
    const big = { big: Array.from({ length: 5000 }, (_, i) => i), name: `${'a'.repeat(40)}!` };
    const message = 'it takes longer than 50 ms';
    const nested = 'object.big.all(a, object.big.all(b, object.big.all(c, a + b + c >= 0)))';
    assert.throws(() => evaluate(nested, 'bool', big), { message });
    assert.throws(() => evaluate('object.name.matches("(a+)+$")', 'bool', big), { message });
    const wide = { big: big.big.slice(0, 200) };
    assert.throws(() => evaluate('{"all": object.big.map(a, object.big)}', 'map', wide), {
      message: 'the result has more than 10000 values',
    });
    const long = { name: 'a'.repeat(40_000) };
    assert.throws(() => evaluate('{"a": object.name, object.name: 1}', 'map', long), {
      message: 'the result has more than 65536 characters',
    });
    assert.equal(evaluate('object.spec.replicas'), 4, 'and the next one is evaluated');
  });

  it('lets no sum grow that nobody could hold in memory', () => {
    const message = 'a sum is longer than 65536 characters or members';
    const doubled = (start: string) => `[${start}]${'.map(x, x + x)'.repeat(20)}[0]`;
    for (const start of ['"aaaa"', '[1, 2]', 'b"aaaa"']) {
      assert.throws(() => evaluate(`${doubled(start)}.size()`), { message });
    }
    assert.throws(
      () => evaluate('[1].all(x, object.name + "a" == "")', 'bool', { name: message.repeat(2000) }),
      { message },
    );
    assert.equal(
      problem('["a"].map(x, x + "b").join() == ""', 'bool'),
      'join() is not available here',
    );
    assert.match(problem('bounded(1)'), /found no matching overload for 'bounded/);
    assert.equal(evaluate('object.spec.replicas + 70000'), 70_004);
  });
});
