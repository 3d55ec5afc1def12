import assert from 'node:assert/strict';
import type { ClusterDiscoveryPolicy } from '../../api/discovery/cluster-discovery-policy.ts';
import type { DiscoveredCluster } from '../../api/discovery/discovered-cluster.ts';
import { annotations, finalizers } from '../../api/well-known.ts';
import { FakeClock } from '../../test/fake-clock.ts';
import { Removals } from './removals.ts';

const tenMinutes = 10 * 60_000;

describe('Removals', () => {
  const condition = (type: string, status: 'True' | 'False', reason: string) => ({
    type,
    status,
    reason,
    message: '',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  });
  const heldNow = condition('Selected', 'False', 'MassChange');
  const begun = condition('Deleting', 'True', 'Detaching');

  const cluster = (
    uid: string,
    { policy = 'default', conditions = [condition('Selected', 'False', 'OptedOut')] } = {},
  ): DiscoveredCluster => ({
    apiVersion: 'discovery.clusternet.io/v1alpha1',
    kind: 'DiscoveredCluster',
    metadata: { uid, finalizers: [finalizers.discovery] },
    spec: { policyRef: { name: policy } },
    status: { conditions },
  });
  const many = (count: number) => Array.from({ length: count }, (_, index) => cluster(`${index}`));

  const policy = (confirmed?: string): ClusterDiscoveryPolicy => ({
    apiVersion: 'discovery.clusternet.io/v1alpha1',
    kind: 'ClusterDiscoveryPolicy',
    metadata: {
      name: 'default',
      generation: 3,
      ...(confirmed && { annotations: { [annotations.confirmMassChange]: confirmed } }),
    },
    spec: {},
  });

  /** How many of them are let pass, asked one after the other. */
  const passing = (removals: Removals, clusters: readonly DiscoveredCluster[], asked = policy()) =>
    clusters.filter(each => removals.letPass(each, asked)).length;

  it('lets five of a small fleet pass and a fifth of a large one, and each of those again until it is done', () => {
    for (const [count, limit] of [
      [7, 5],
      [50, 10],
    ] as const) {
      const all = many(count);
      const removals = new Removals(new FakeClock(), () => all);
      assert.equal(passing(removals, all), limit);
      assert.equal(passing(removals, all), limit);
    }
  });

  it('counts what is gone meanwhile as part of the fleet it was', () => {
    const all = many(50);
    const removals = new Removals(new FakeClock(), () => all);
    assert.equal(passing(removals, all.slice(0, 10)), 10);
    all.splice(0, 10);
    assert.equal(passing(removals, all), 0);
  });

  it('lets further ones pass after ten minutes, but not of a policy whose removals are held already', async () => {
    const clock = new FakeClock();
    const all = many(5);
    const removals = new Removals(clock, () => all);
    assert.equal(passing(removals, all), 5);
    const held = cluster('held', { conditions: [heldNow] });
    const fresh = cluster('fresh');
    const other = cluster('other', { policy: 'other' });
    all.push(held, fresh, other);
    assert.deepEqual(
      [held, fresh, other].map(each => removals.letPass(each, policy())),
      [false, false, false],
    );
    await clock.advance(tenMinutes);
    assert.deepEqual(
      [held, fresh, other].map(each => removals.letPass(each, policy())),
      [false, false, true],
    );
    assert.deepEqual(removals.held('default'), [held]);
  });

  it('lets all pass that are confirmed for this generation of the policy, and only for this one', () => {
    const all = many(9);
    const removals = new Removals(new FakeClock(), () => all);
    assert.equal(passing(removals, all, policy('2')), 5);
    assert.equal(passing(removals, all, policy('3')), 9);
  });

  it('finishes what it had begun before a restart', () => {
    const all = many(6).map(each => cluster(`${each.metadata.uid}`, { conditions: [heldNow] }));
    const half = cluster('half', { conditions: [heldNow, begun] });
    const removals = new Removals(new FakeClock(), () => [...all, half]);
    assert.equal(passing(removals, all), 0);
    assert.equal(removals.letPass(half, policy()), true);
    assert.equal(removals.held('default').length, 6);
  });
});
