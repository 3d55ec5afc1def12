import assert from 'node:assert/strict';
import { Type } from 'typebox';
import { customKinds } from '../api/custom-kinds.ts';
import { customResourceDefinition, structuralProblems } from './custom-resource-definition.ts';

const kind = customKinds[0];

describe('customResourceDefinition', () => {
  it('refuses a schema the API server would not take, naming field and keyword', () => {
    assert.ok(kind);
    const schema = Type.Object({
      spec: Type.Object({
        word: Type.Union([Type.Literal('a'), Type.Literal('b')]),
        map: Type.Record(Type.String(), Type.String()),
        closed: Type.Object({}, { additionalProperties: false }),
        count: Type.Integer(),
        list: Type.Array(Type.Any()),
      }),
    });
    assert.throws(
      () => customResourceDefinition({ ...kind, schema }),
      (error: Error) => {
        for (const problem of [
          'spec.word: has anyOf',
          'spec.map: has patternProperties',
          'spec.closed: additionalProperties is not a schema',
          'spec.count: is an integer without format',
          'spec.list[]: has no type',
        ]) {
          assert.match(error.message, new RegExp(RegExp.escape(problem)));
        }
        return true;
      },
    );
  });

  it('finds no fault with any of our kinds', () => {
    for (const each of customKinds) {
      const schema = customResourceDefinition(each).spec.versions[0]?.schema.openAPIV3Schema;
      assert.deepEqual(structuralProblems(schema ?? {}, each.resource.kind), []);
    }
  });

  it('is named plural.group, as clusterctl demands, and no two are the same', () => {
    const names = customKinds.map(each => customResourceDefinition(each).metadata.name);
    assert.equal(new Set(names).size, names.length);
    for (const [index, name] of names.entries()) {
      const { plural, group } = customKinds[index]?.resource ?? assert.fail();
      assert.equal(name, `${plural}.${group}`);
    }
  });
});
