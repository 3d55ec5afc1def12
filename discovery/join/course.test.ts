import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { DiscoveredCluster } from '../../api/discovery/discovered-cluster.ts';
import { finalizers } from '../../api/well-known.ts';
import { type CapiCluster, capiNames } from '../capi/cluster.ts';
import { readCluster } from '../capi/read-cluster.ts';
import { type Course, decideCourse, type Situation } from './course.ts';

const now = Date.parse('2026-11-24T12:00:00Z');
const long = '2026-11-24T00:00:00Z';

function cluster(parts: Partial<CapiCluster> = {}): CapiCluster {
  const read = readCluster({
    apiVersion: 'cluster.x-k8s.io/v1beta2',
    kind: 'Cluster',
    metadata: { namespace: 'team', name: 'one', uid: 'uid-1' },
  });
  return { ...read, controlPlaneInitialized: true, ...parts };
}

interface Discovered {
  readonly held?: boolean;
  readonly deleting?: boolean;
  readonly detached?: boolean;
  readonly unselectedSince?: string;
  readonly recorded?: boolean;
  readonly moving?: boolean;
  readonly owner?: string;
}

function discovered(parts: Discovered = {}): DiscoveredCluster {
  const { held = true, owner = 'uid-1' } = parts;
  const condition = { message: '', reason: 'X', lastTransitionTime: parts.unselectedSince ?? long };
  const conditions = [
    ...(parts.unselectedSince
      ? [{ ...condition, type: 'Selected', status: 'False' } as const]
      : []),
    ...(parts.recorded ? [{ ...condition, type: 'Deleting', status: 'True' } as const] : []),
  ];
  return {
    apiVersion: 'discovery.clusternet.io/v1alpha1',
    kind: 'DiscoveredCluster',
    metadata: {
      namespace: 'team',
      name: 'one',
      finalizers: held ? [finalizers.discovery] : [],
      ...(parts.deleting ? { deletionTimestamp: long } : {}),
      ...(parts.moving ? { annotations: { [capiNames.deleteForMoveAnnotation]: '' } } : {}),
      ownerReferences: [{ apiVersion: 'x', kind: 'Cluster', name: 'one', uid: owner }],
    },
    spec: {
      clusterRef: { apiVersion: 'x', kind: 'Cluster', name: 'one', uid: 'uid-1' },
      ...(parts.detached ? { detached: true } : {}),
    },
    status: { conditions },
  };
}

const unselected = { selected: false, reason: 'OptedOut', message: 'no' } as const;
const selected = {
  selected: true,
  reason: 'Selected',
  message: 'yes',
  policy: { apiVersion: 'x', kind: 'ClusterDiscoveryPolicy', metadata: {}, spec: {} },
} as const;

function decide(parts: Partial<Situation> = {}): Course {
  return decideCourse({
    discovered: discovered(),
    cluster: cluster(),
    selection: selected,
    onUnselect: 'Detach',
    gracePeriodMs: 300_000,
    isRemovalAllowed: () => true,
    now,
    ...parts,
  });
}

describe('decideCourse', () => {
  it('joins what is selected, and ignores what is not and never was', () => {
    assert.equal(decide().do, 'join');
    assert.equal(
      decide({ selection: unselected, discovered: discovered({ held: false }) }).do,
      'ignore',
    );
  });

  it('freezes what is paused, also when it is deleted, and everything while Cluster API is away', () => {
    assert.deepEqual(decide({ cluster: cluster({ paused: true }) }), {
      do: 'freeze',
      why: 'Paused',
    });
    const both = cluster({ paused: true, deleting: true });
    assert.deepEqual(decide({ cluster: both }), { do: 'freeze', why: 'Paused' });
    const why = 'ClusterAPIUnavailable';
    assert.deepEqual(decide({ cluster: 'unknown' }), { do: 'freeze', why });
    assert.equal(
      decide({ cluster: 'unknown', discovered: discovered({ deleting: true }) }).do,
      'freeze',
    );
  });

  it('leaves when the Cluster is deleted or was, and knows that from being missing', () => {
    assert.equal(decide({ cluster: cluster({ deleting: true }) }).do, 'leave');
    assert.equal(decide({ cluster: 'deleted' }).do, 'leave');
    assert.equal(decide({ cluster: 'gone' }).do, 'keep');
    assert.equal(
      decide({ cluster: 'gone', discovered: discovered({ unselectedSince: long }) }).do,
      'leave',
    );
    const recorded = discovered({ deleting: true, recorded: true });
    assert.equal(decide({ cluster: 'gone', discovered: recorded }).do, 'leave');
  });

  it('lets go of an object that moves, or that somebody deleted by hand', () => {
    const moving = discovered({ deleting: true, moving: true });
    assert.equal(decide({ cluster: 'gone', discovered: moving }).do, 'forget');
    assert.equal(decide({ discovered: discovered({ deleting: true }) }).do, 'forget');
  });

  it('compares a Cluster of another UID with the child we know, unless its owner reference was rebuilt', () => {
    const other = cluster({ uid: 'uid-2' });
    assert.equal(decide({ cluster: other }).do, 'compare');
    assert.equal(decide({ cluster: { ...other, controlPlaneInitialized: false } }).do, 'leave');
    assert.equal(decide({ cluster: other, discovered: discovered({ owner: 'uid-2' }) }).do, 'join');
  });

  it('detaches what is unselected only after the grace period, past the guard, and where the policy says so', () => {
    const recent = discovered({ unselectedSince: '2026-11-24T11:59:00Z' });
    const due = discovered({ unselectedSince: long });
    const grace = decide({ selection: unselected, discovered: recent });
    assert.ok(grace.do === 'keep' && grace.untilMs === Date.parse('2026-11-24T12:04:00Z'));
    assert.equal(decide({ selection: unselected, discovered: due }).do, 'detach');
    const held = decide({ selection: unselected, discovered: due, isRemovalAllowed: () => false });
    assert.ok(held.do === 'keep' && held.reason === 'MassChange');
    assert.equal(
      decide({ selection: unselected, discovered: due, onUnselect: 'Retain' }).do,
      'keep',
    );
    assert.equal(
      decide({ discovered: discovered({ detached: true }), isRemovalAllowed: () => false }).do,
      'detach',
    );
  });

  it('holds what is missing at a closed guard, until somebody detaches it', () => {
    const missing = {
      cluster: 'gone',
      selection: undefined,
      isRemovalAllowed: () => false,
    } as const;
    const held = decide({ ...missing, discovered: discovered({ unselectedSince: long }) });
    assert.ok(held.do === 'keep' && held.reason === 'MassChange');
    const wish = discovered({ unselectedSince: long, detached: true });
    assert.equal(decide({ ...missing, discovered: wish }).do, 'leave');
  });

  const situations: fc.Arbitrary<Situation> = fc.record({
    discovered: fc
      .record({
        held: fc.boolean(),
        deleting: fc.boolean(),
        detached: fc.boolean(),
        moving: fc.boolean(),
        recorded: fc.boolean(),
        owner: fc.constantFrom('uid-1', 'uid-2'),
        unselectedSince: fc.constantFrom(undefined, long, '2026-11-24T11:59:59Z'),
      })
      .map(({ unselectedSince, ...rest }) =>
        discovered({ ...rest, ...(unselectedSince ? { unselectedSince } : {}) }),
      ),
    cluster: fc.oneof(
      fc.constantFrom('unknown', 'gone', 'deleted'),
      fc
        .record({
          uid: fc.constantFrom('uid-1', 'uid-2'),
          paused: fc.boolean(),
          deleting: fc.boolean(),
          movedAway: fc.boolean(),
          controlPlaneInitialized: fc.boolean(),
        })
        .map(cluster),
    ),
    selection: fc.constantFrom(selected, unselected),
    onUnselect: fc.constantFrom('Detach', 'Retain'),
    gracePeriodMs: fc.constantFrom(0, 300_000),
    isRemovalAllowed: fc.boolean().map(allowed => () => allowed),
    now: fc.constant(now),
  });

  it('never removes anything while Cluster API is away or the Cluster is paused', () => {
    fc.assert(
      fc.property(situations, situation => {
        const { cluster: sight } = situation;
        const quiet = sight === 'unknown' || (typeof sight !== 'string' && sight.paused);
        if (quiet) assert.ok(!['leave', 'detach'].includes(decideCourse(situation).do));
      }),
    );
  });

  it('never removes what nobody recorded past a closed guard', () => {
    fc.assert(
      fc.property(situations, situation => {
        const { cluster: sight, discovered: object } = situation;
        const recorded =
          sight === 'deleted' ||
          object.spec.detached === true ||
          object.status?.conditions?.some(({ type }) => type === 'Deleting') ||
          (typeof sight !== 'string' && (sight.deleting || sight.uid !== 'uid-1'));
        if (recorded) return;
        const course = decideCourse({ ...situation, isRemovalAllowed: () => false });
        assert.ok(!['leave', 'detach'].includes(course.do), course.do);
      }),
    );
  });

  it('never touches anything for a cluster that holds nothing', () => {
    fc.assert(
      fc.property(situations, situation => {
        const { cluster: sight, discovered: object } = situation;
        if (object.metadata.finalizers?.length !== 0) return;
        // Nothing is left to do for it, but people still see it leave.
        if (typeof sight !== 'string' && sight.deleting) return;
        const course = decideCourse(situation);
        assert.ok(!['leave', 'detach', 'compare', 'keep'].includes(course.do), course.do);
      }),
    );
  });
});
