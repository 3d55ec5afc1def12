import assert from 'node:assert/strict';
import type { Node } from '../../../kube/builtin-kinds.ts';
import type { PredictorPlugin, Question } from './plugin.ts';
import { predictReplicas } from './predict-replicas.ts';

const nodes = ['a', 'b', 'c'].map(
  (name): Node => ({ apiVersion: 'v1', kind: 'Node', metadata: { name } }),
);
const question: Question = {
  requirements: {},
  requests: new Map(),
  roomOn: () => ({ free: new Map(), pods: 0 }),
  notes: new Map(),
};
const predict = (...plugins: PredictorPlugin[]) => predictReplicas(plugins, question, nodes);

describe('predictReplicas', () => {
  it("takes a question through upstream's points in their order", () => {
    const seen: string[] = [];
    const saw = (point: string) => {
      if (seen.at(-1) !== point) seen.push(point);
    };
    const outcome = predict({
      name: 'Witness',
      preFilter: () => void saw('preFilter'),
      filter: (_question, { metadata }) => {
        saw('filter');
        return metadata.name !== 'b';
      },
      postFilter: () => saw('postFilter'),
      preCompute: () => saw('preCompute'),
      compute: () => {
        saw('compute');
        return 2;
      },
      preScore: () => saw('preScore'),
      score: () => {
        saw('score');
        return 0;
      },
      preAggregate: () => saw('preAggregate'),
      aggregate: (_question, all) => {
        saw('aggregate');
        return Object.fromEntries(all.map(({ node, replicas }) => [node.metadata.name, replicas]));
      },
    });
    assert.deepEqual(outcome, { replicas: { a: 2, c: 2 } });
    assert.deepEqual(seen, [
      'preFilter',
      'filter',
      'preCompute',
      'compute',
      'preScore',
      'score',
      'preAggregate',
      'aggregate',
    ]);
  });

  it('asks postFilter only when no node is left', () => {
    let asked = 0;
    const none = { name: 'None', filter: () => false, postFilter: () => void asked++ };
    assert.deepEqual(predict(none), { replicas: { default: 0 } });
    assert.equal(asked, 1);
  });

  it('refuses a question that a plugin calls malformed', () => {
    assert.deepEqual(predict({ name: 'Strict', preFilter: () => 'no zone' }), {
      refusal: 'no zone',
    });
  });

  it('takes the smallest number of a node, and hands the nodes on best first by weighted score', () => {
    const compute = (replicas: number) => ({ name: `Says${replicas}`, compute: () => replicas });
    const prefers = (name: string, weight: number) => ({
      name: `Prefers${name}`,
      weight,
      score: (_question: Question, node: Node) => (node.metadata.name === name ? 1 : 0),
    });
    let order: unknown;
    predict(compute(5), compute(3), prefers('b', 1), prefers('c', 3), {
      name: 'Last',
      aggregate: (_question, all) => {
        order = all.map(({ node, replicas, score }) => [node.metadata.name, replicas, score]);
        return undefined;
      },
    });
    assert.deepEqual(order, [
      ['c', 3, 3],
      ['b', 3, 1],
      ['a', 3, 0],
    ]);
  });
});
