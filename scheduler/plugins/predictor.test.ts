import assert from 'node:assert/strict';
import { feedKey } from '../../api/apps/feed.ts';
import type { ManagedCluster } from '../../api/clusters/managed-cluster.ts';
import { cluster, inventoryOf, keyFor, subscription } from '../../test/scheduling-objects.ts';
import { ClusterIndex } from '../cluster-index.ts';
import type { Candidate } from '../framework/plugin.ts';
import { predictor } from './predictor.ts';

const feeds = ['web', 'twin', 'config', 'db'].map(name => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  namespace: 'qux',
  name,
}));
const candidate = (name: string, more: Partial<Candidate> = {}): Candidate => ({
  key: keyFor(name),
  cluster: cluster(name),
  score: 0,
  ...more,
});

const assume = () => () => undefined;
const known = () => undefined;

describe('plugin Predictor', () => {
  it('sets aside what a placement adds, and gives it back when that does not come to pass', () => {
    const [web] = feeds.slice(0, 1);
    assert.ok(web);
    const status = {
      bindingClusters: [keyFor('a'), keyFor('b')],
      replicas: { [feedKey(web)]: [4, 3] },
    };
    const sub = subscription({ feeds: [web] }, status);
    const open = new Set<string>();
    const plugin = predictor(
      {
        known,
        get: async () => 0,
        assume: (...all) => {
          open.add(all.join(' '));
          return () => open.delete(all.join(' '));
        },
      },
      undefined,
    );
    const cycle = {
      subscription: sub,
      inventory: inventoryOf(sub, 9),
      clusters: ClusterIndex.of([]),
      bound: new Set<string>(),
      notes: new Map(),
    };
    const placement = {
      clusters: [keyFor('a'), keyFor('b'), keyFor('c')],
      replicas: { [feedKey(web)]: [2, 5, 2] },
    };
    plugin.reserve?.(cycle, placement);
    assert.deepEqual([...open], ['ns-b/b {} 2', 'ns-c/c {} 2']);
    plugin.unreserve?.(cycle, placement);
    assert.deepEqual([...open], []);
  });

  it("asks with each feed's needs, and not for feeds without replicas", async () => {
    const sub = subscription({ feeds });
    const whole = inventoryOf(sub, 3, 3, undefined, 1);
    const needs = [{ nodeSelector: { a: 'b' } }, { nodeSelector: { a: 'b' } }, {}, undefined];
    const inventory = {
      ...whole,
      spec: {
        feeds: whole.spec.feeds.map((feed, index) => {
          const replicaRequirements = needs[index];
          return { ...feed, ...(replicaRequirements && { replicaRequirements }) };
        }),
      },
    };
    const asked: string[] = [];
    const get = async ({ metadata }: ManagedCluster, question: string) => {
      asked.push(`${metadata.name} ${question}`);
      return question.length;
    };
    const cycle = {
      subscription: sub,
      inventory,
      clusters: ClusterIndex.of([]),
      bound: new Set<string>(),
    };
    const capacity = await predictor({ known, get, assume }, undefined).predict?.(
      { ...cycle, notes: new Map() },
      candidate('a'),
      AbortSignal.timeout(1_000),
    );
    const [web = '', twin = '', , db = ''] = feeds.map(feedKey);
    const question = '{"nodeSelector":{"a":"b"}}';
    assert.deepEqual(capacity, { [web]: question.length, [twin]: question.length, [db]: 2 });
    assert.deepEqual(asked, [`a ${question}`, `a ${question}`, 'a {}']);
  });

  describe('with a tolerance', () => {
    const get = async () => 0;
    const unknown = { reason: 'PredictorDisabled', message: 'its agent has no predictor' };
    const judge = (tolerance: number | undefined, candidates: readonly Candidate[]) =>
      predictor({ known, get, assume }, tolerance).preAssign?.(
        {
          subscription: subscription(),
          clusters: ClusterIndex.of([]),
          bound: new Set(),
          notes: new Map(),
        },
        candidates,
      );
    const fleet = (failing: number, all: number) =>
      Array.from({ length: all }, (_, index) =>
        candidate(`c${index}`, index < failing ? { unknown } : {}),
      );

    it('lets any number of clusters be without a prediction unless told otherwise', () => {
      assert.equal(judge(undefined, fleet(9, 9)), undefined);
    });

    it('stops when more fail than the share of clusters, rounded down, that may', () => {
      assert.equal(judge(10, fleet(1, 10)), undefined);
      assert.equal(judge(10, fleet(1, 9))?.reason, 'PredictionsMissing');
      assert.equal(judge(0, fleet(0, 5)), undefined);
      assert.equal(judge(100, fleet(5, 5)), undefined);
      assert.match(
        judge(10, fleet(2, 10))?.message ?? '',
        /^2 of 10 clusters do not say how many replicas fit: ns-c0\/c0 \(its agent has no predictor\), ns-c1\/c1 /,
      );
    });

    it('does not count clusters that get nothing new anyway', () => {
      const retained = candidate('r', { retained: true });
      assert.equal(judge(10, [...fleet(1, 9), retained])?.reason, 'PredictionsMissing');
    });
  });
});
