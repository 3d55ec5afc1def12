import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type DynamicTask, divideDynamically } from './divide-dynamically.ts';
import { sum } from './sum.ts';

interface Example {
  readonly what: string;
  readonly strategy?: 'Binpack';
  readonly desired: number;
  readonly present?: readonly number[];
  readonly room: readonly number[];
  readonly preference?: readonly number[];
  readonly minClusters?: number;
  readonly constraints?: DynamicTask['constraints'];
  readonly result: readonly number[];
}

function divide({
  desired,
  room,
  present,
  preference,
  strategy,
  minClusters,
  constraints,
}: Omit<Example, 'what' | 'result'>) {
  return divideDynamically({
    strategy: strategy ?? 'Spread',
    desired,
    members: room.map((each, index) => ({
      present: present?.[index] ?? 0,
      room: each,
      preference: preference?.[index] ?? 0,
    })),
    ...(minClusters !== undefined && { minClusters }),
    ...(constraints && { constraints }),
  });
}

const examples: Example[] = [
  { what: 'by what is free', desired: 6, room: [3, 6, 9], result: [1, 2, 3] },
  { what: 'what is free when more is asked', desired: 20, room: [3, 6, 9], result: [3, 6, 9] },
  { what: 'more', present: [1, 3, 0], desired: 8, room: [10, 10, 10], result: [3, 4, 1] },
  { what: 'more by room', present: [1, 1, 1], desired: 9, room: [10, 20, 30], result: [2, 3, 4] },
  { what: 'less', present: [3, 6, 9], desired: 16, room: [0, 0, 0], result: [3, 5, 8] },
  { what: 'nothing anew', present: [9, 0], desired: 9, room: [0, 100], result: [9, 0] },
  {
    what: 'more to a cluster that came for one that may take no more',
    present: [1, 3, 0, 0],
    desired: 8,
    room: [10, 10, 0, 10],
    result: [3, 4, 0, 1],
  },
  {
    what: 'without overflow',
    desired: 50_000,
    room: [100_000, 100_000],
    result: [25_000, 25_000],
  },
  {
    what: 'to the preferred clusters first',
    desired: 8,
    room: [10, 2, 3],
    preference: [0, 50, 50],
    result: [3, 2, 3],
  },
  {
    what: 'less, from the least preferred first',
    present: [3, 2, 3],
    desired: 4,
    room: [0, 0, 0],
    preference: [0, 50, 50],
    result: [0, 2, 2],
  },
  {
    what: 'to at least so many clusters',
    desired: 3,
    room: [100, 1, 1],
    minClusters: 3,
    result: [1, 1, 1],
  },
  {
    what: 'less, leaving replicas in at least so many clusters',
    present: [1, 1, 4],
    desired: 3,
    room: [0, 0, 0],
    minClusters: 3,
    result: [1, 1, 1],
  },
  {
    what: 'to few clusters',
    strategy: 'Binpack',
    desired: 10,
    room: [3, 8, 5],
    result: [0, 8, 2],
  },
  {
    what: 'to clusters that are used already before roomier ones',
    strategy: 'Binpack',
    present: [0, 1, 0],
    desired: 6,
    room: [9, 3, 9],
    result: [2, 4, 0],
  },
  {
    what: 'less, emptying the smallest first',
    strategy: 'Binpack',
    present: [2, 8, 2],
    desired: 9,
    room: [0, 0, 0],
    result: [1, 8, 0],
  },
  {
    what: 'to few clusters, but at least so many',
    strategy: 'Binpack',
    desired: 10,
    room: [3, 8, 5],
    minClusters: 2,
    result: [0, 8, 2],
  },
  {
    what: 'to as many clusters as asked although one would do',
    strategy: 'Binpack',
    desired: 5,
    room: [3, 8, 5],
    minClusters: 3,
    result: [1, 3, 1],
  },
];

const zones = ['x', 'x', 'y', 'z'];
const even = { domains: zones, maxSkew: 1, required: true };
const spreading: Example[] = [
  {
    what: 'one domain no more than one above another',
    desired: 7,
    room: [9, 9, 9, 9],
    constraints: [even],
    result: [2, 1, 2, 2],
  },
  {
    what: 'no more than a full domain lets others have',
    desired: 9,
    room: [9, 9, 2, 9],
    constraints: [even],
    result: [2, 1, 2, 3],
  },
  {
    what: 'more than a full domain has when that is only a wish',
    desired: 9,
    room: [9, 9, 1, 9],
    constraints: [{ ...even, required: false }],
    result: [2, 2, 1, 4],
  },
  {
    what: 'nothing outside of every domain',
    desired: 4,
    room: [9, 9],
    constraints: [{ ...even, domains: ['x', undefined] }],
    result: [4, 0],
  },
  {
    what: 'no more than the skew while there are too few domains',
    desired: 9,
    room: [9, 9, 9, 9],
    constraints: [{ ...even, maxSkew: 2, minDomains: 4 }],
    result: [1, 1, 2, 2],
  },
  {
    what: 'to the preferred cluster of each domain',
    desired: 6,
    room: [9, 9, 9, 9],
    preference: [0, 50, 0, 0],
    constraints: [even],
    result: [0, 2, 2, 2],
  },
  {
    what: 'one after the other in each domain',
    strategy: 'Binpack',
    desired: 9,
    room: [2, 9, 9, 9],
    constraints: [even],
    result: [0, 3, 3, 3],
  },
  {
    what: 'to as many clusters as asked within domains',
    desired: 4,
    room: [9, 9, 9, 9],
    minClusters: 4,
    constraints: [{ ...even, maxSkew: 2 }],
    result: [1, 1, 1, 1],
  },
  {
    what: 'evenly in both of two kinds of domains',
    desired: 4,
    room: [9, 9, 9, 9],
    constraints: [
      { ...even, domains: ['x', 'x', 'y', 'y'] },
      { ...even, domains: ['1', '2', '1', '2'] },
    ],
    result: [1, 1, 1, 1],
  },
  {
    what: 'less, from the fullest domain',
    present: [3, 3, 2, 1],
    desired: 5,
    room: [0, 0, 0, 0],
    constraints: [even],
    result: [1, 1, 2, 1],
  },
];

const member = fc.record({
  present: fc.nat({ max: 20 }),
  room: fc.nat({ max: 20 }),
  preference: fc.constantFrom(0, 0, 10, 20),
});
const task: fc.Arbitrary<DynamicTask> = fc.record({
  strategy: fc.constantFrom('Spread' as const, 'Binpack' as const),
  desired: fc.nat({ max: 300 }),
  members: fc.array(member, { minLength: 1, maxLength: 12 }),
  minClusters: fc.nat({ max: 6 }),
});

describe('divideDynamically', () => {
  for (const { what, result, ...example } of [...examples, ...spreading]) {
    it(`places ${what}${example.strategy ? ', binpacking' : ''}: ${result}`, () => {
      assert.deepEqual(divide(example), result);
    });
  }

  it('places the smaller of what is asked and what fits', () => {
    fc.assert(
      fc.property(task, each => {
        const total = sum(each.members.map(({ present, room }) => present + room));
        assert.equal(sum(divideDynamically(each)), Math.min(each.desired, total));
      }),
    );
  });

  it('moves exactly the step, in no cluster against its sign, none above its room or below zero', () => {
    fc.assert(
      fc.property(task, each => {
        const before = sum(each.members.map(({ present }) => present));
        const sign = Math.sign(each.desired - before);
        divideDynamically(each).forEach((count, index) => {
          const { present = 0, room = 0 } = each.members[index] ?? {};
          assert.ok(count >= 0 && count <= present + room);
          assert.ok(count === present || Math.sign(count - present) === sign);
        });
      }),
    );
  });

  it('has replicas in as many clusters as asked, as far as there are replicas and room', () => {
    fc.assert(
      fc.property(task, each => {
        const result = divideDynamically(each);
        const usable = each.members.filter(({ present, room }) => present + room > 0).length;
        const wanted = Math.min(each.minClusters ?? 0, sum(result), usable);
        const before = sum(each.members.map(({ present }) => present));
        const holders = each.members.filter(({ present }) => present > 0).length;
        const reachable =
          each.desired < before
            ? Math.min(wanted, holders)
            : Math.min(wanted, holders + each.desired - before);
        assert.ok(result.filter(count => count > 0).length >= reachable);
      }),
    );
  });

  it('breaks no required constraint, and leaves nothing out that it would allow', () => {
    const domains = fc.array(fc.constantFrom('x', 'y', 'z', undefined), {
      minLength: 1,
      maxLength: 10,
    });
    const rooms = fc.array(fc.nat({ max: 12 }), { minLength: 10, maxLength: 10 });
    const strategies = fc.constantFrom(undefined, 'Binpack' as const);
    fc.assert(
      fc.property(
        domains,
        rooms,
        fc.nat({ max: 60 }),
        fc.integer({ min: 1, max: 4 }),
        strategies,
        (of, all, desired, maxSkew, strategy) => {
          const room = all.slice(0, of.length);
          const constraints = [{ domains: of, maxSkew, required: true }];
          const result = divide({ desired, room, constraints, ...(strategy && { strategy }) });
          const names: (string | undefined)[] = [...new Set(of)].filter(name => name !== undefined);
          const counts = names.map(name => sum(result.filter((_, index) => of[index] === name)));
          const fewest = Math.min(...counts);
          assert.ok(counts.every(count => count - fewest <= maxSkew));
          const open = room.some((each, index) => {
            const count = counts[names.indexOf(of[index])] ?? Infinity;
            return (result[index] ?? 0) < each && count - fewest < maxSkew;
          });
          assert.ok(sum(result) === desired || !open);
        },
      ),
    );
  });

  it('ends soon however many replicas there are', () => {
    const room = [2 ** 31 - 1, 2 ** 31 - 1];
    const constraints = [{ domains: ['x', 'y'], maxSkew: 1, required: true }];
    const placed = sum(divide({ desired: 2 ** 31 - 1, room, constraints }));
    assert.ok(placed > 100_000, `only ${placed}`);
  });

  it('uses no more clusters than it must when binpacking', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 20 }), { minLength: 1 }),
        fc.nat({ max: 99 }),
        (room, desired) => {
          const used = divide({ strategy: 'Binpack', desired, room }).filter(
            count => count > 0,
          ).length;
          const largestFirst = room.toSorted((a, b) => b - a);
          const others = largestFirst.slice(0, Math.max(0, used - 1));
          assert.ok(used === 0 || sum(others) < desired);
        },
      ),
    );
  });

  it('lets no cluster of a lower preference grow while a preferred one has room', () => {
    fc.assert(
      fc.property(task, each => {
        const plain = { ...each, minClusters: 0 };
        const result = divideDynamically(plain);
        const grown = plain.members.filter(({ present }, index) => (result[index] ?? 0) > present);
        const roomy = plain.members.filter(
          ({ present, room }, index) =>
            (result[index] ?? 0) > present - 1 && (result[index] ?? 0) < present + room,
        );
        const lowest = Math.min(...grown.map(({ preference = 0 }) => preference));
        assert.ok(roomy.every(({ preference = 0 }) => preference <= lowest) || grown.length === 0);
      }),
    );
  });

  it('settles nothing but ties by the order of the clusters', () => {
    const different = fc.uniqueArray(fc.nat({ max: 1000 }), { minLength: 2, maxLength: 10 });
    fc.assert(
      fc.property(different, fc.nat({ max: 3000 }), (room, desired) => {
        const reversed = divide({ strategy: 'Binpack', desired, room: room.toReversed() });
        assert.deepEqual(reversed.toReversed(), divide({ strategy: 'Binpack', desired, room }));
      }),
    );
  });
});
