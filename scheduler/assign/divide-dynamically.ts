import { divideByShares } from './divide-by-shares.ts';
import { fill } from './fill.ts';
import { largest } from './largest.ts';
import { sum } from './sum.ts';

/** A cluster as dynamic dividing sees it. */
export interface Member {
  /** Replicas it has. */
  readonly present: number;
  /** How many more fit. */
  readonly room: number;
  /** Members of a higher preference are filled first and emptied last. Default 0. */
  readonly preference?: number;
}

/** How members of one preference share. */
export type DynamicStrategy = 'Spread' | 'Binpack';

/** One feed to be divided. */
export interface DynamicTask {
  readonly strategy: DynamicStrategy;
  /** Replicas all members shall have together. */
  readonly desired: number;
  /** In the order of the clusters' names, which settles ties. */
  readonly members: readonly Member[];
  /** How many members shall have at least one replica, as far as there are replicas. Default 0. */
  readonly minClusters?: number;
}

/**
 * The replicas of each member after a step: what is missing is placed where there is room, what is too much is
 * withdrawn, and nothing else moves. When there is too little room, all of it is taken.
 */
export function divideDynamically(task: DynamicTask): readonly number[] {
  const step = task.desired - sum(task.members.map(({ present }) => present));
  return step < 0 ? withdraw(task, -step) : place(task, step);
}

function place(task: DynamicTask, amount: number): readonly number[] {
  const { members, strategy } = task;
  const opened = openMembers(task, amount);
  const started = members.map((member, index) =>
    opened.has(index) ? { ...member, present: member.present + 1, room: member.room - 1 } : member,
  );
  const added = byPreference(
    members,
    (a, b) => b - a,
    amount - opened.size,
    (indexes, rest) => {
      const tier = indexes.map(index => started[index] ?? nobody);
      const rooms = tier.map(({ room }) => room);
      if (strategy === 'Spread') return divideByShares(rest, rooms);
      // Few members: those that hold something already, then the roomiest.
      return fill(
        rest,
        rooms,
        (a, b) => holds(tier[b]) - holds(tier[a]) || at(rooms, b) - at(rooms, a),
      );
    },
  );
  return started.map(({ present }, index) => present + at(added, index));
}

/** The members that get a first replica so that enough have one: the most preferred, then the roomiest. */
function openMembers({ members, desired, minClusters = 0 }: DynamicTask, amount: number) {
  const holders = members.reduce((count, member) => count + holds(member), 0);
  const wanted = Math.min(minClusters - holders, desired - holders, amount);
  if (wanted <= 0) return new Set<number>();
  const closed = [...members.keys()].filter(index => {
    const { present, room } = members[index] ?? nobody;
    return present === 0 && room > 0;
  });
  const preferred = (index: number) => members[index]?.preference ?? 0;
  const room = (index: number) => members[index]?.room ?? 0;
  closed.sort((a, b) => preferred(b) - preferred(a) || room(b) - room(a) || a - b);
  return new Set(closed.slice(0, wanted));
}

function withdraw(task: DynamicTask, amount: number): readonly number[] {
  const { members, strategy, desired, minClusters = 0 } = task;
  const presents = members.map(({ present }) => present);
  // The largest keep one replica each, so that enough members still have one.
  const keepers = new Set(largest(presents, Math.min(minClusters, desired)));
  const spare = presents.map(
    (present, index) => present - (keepers.has(index) && present > 0 ? 1 : 0),
  );
  const removed = byPreference(
    members,
    (a, b) => a - b,
    amount,
    (indexes, rest) => {
      const shares = indexes.map(index => at(spare, index));
      if (strategy === 'Spread') return divideByShares(rest, shares);
      // The smallest are emptied first, so that few members remain.
      return fill(rest, shares, (a, b) => at(shares, a) - at(shares, b) || b - a);
    },
  );
  return presents.map((present, index) => present - at(removed, index));
}

/** Lets each group of equal preference, in the given order, take what it can of the amount. */
function byPreference(
  members: readonly Member[],
  order: (a: number, b: number) => number,
  amount: number,
  take: (indexes: readonly number[], rest: number) => readonly number[],
): readonly number[] {
  const result = members.map(() => 0);
  const tiers = Map.groupBy(members.keys(), index => members[index]?.preference ?? 0);
  let rest = amount;
  for (const preference of [...tiers.keys()].sort(order)) {
    const indexes = tiers.get(preference) ?? [];
    const taken = take(indexes, rest);
    indexes.forEach((index, position) => {
      result[index] = at(taken, position);
    });
    rest -= sum(taken);
  }
  return result;
}

const nobody: Member = { present: 0, room: 0 };

function holds(member: Member = nobody): number {
  return member.present > 0 ? 1 : 0;
}

function at(numbers: readonly number[], index: number): number {
  return numbers[index] ?? 0;
}
