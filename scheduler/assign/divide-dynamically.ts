import { byPreference, type Share } from './by-preference.ts';
import { divideByShares } from './divide-by-shares.ts';
import { fill } from './fill.ts';
import { largest } from './largest.ts';
import { type Group, growOverDomains, shrinkOverDomains } from './over-domains.ts';
import type { SpreadConstraint } from './spread-constraint.ts';
import { sum } from './sum.ts';

/** A cluster as dynamic dividing sees it. */
export interface Member {
  /** Replicas it has. */
  readonly present: number;
  /** How many more fit. */
  readonly room: number;
  /** Members of a higher preference are filled first and emptied last. */
  readonly preference: number;
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
  /** How replicas are spread over groups of members. Default: none. */
  readonly constraints?: readonly SpreadConstraint[];
}

/**
 * The replicas of each member after a step: what is missing is placed where there is room, what is too much is
 * withdrawn, and nothing else moves. When there is too little room, all of it is taken.
 */
export function divideDynamically(task: DynamicTask): readonly number[] {
  const present = task.members.map(each => each.present);
  const step = task.desired - sum(present);
  return step < 0 ? withdraw(task, present, -step) : place(task, present, step);
}

function place(task: DynamicTask, present: readonly number[], amount: number): readonly number[] {
  const { strategy, desired, members, minClusters = 0 } = task;
  const rooms = members.map(({ room }) => room);
  const holders = present.reduce((count, replicas) => count + holds(replicas), 0);
  // A first replica each for as many as still shall have one, the roomiest first.
  const missing = Math.max(0, Math.min(minClusters, desired) - holders);
  const doors = rooms.map((room, index) => (at(present, index) === 0 ? holds(room) : 0));
  const roomiest = (a: number, b: number) => at(rooms, b) - at(rooms, a);
  const opened = grow(task, present, doors, Math.min(missing, amount), pack(doors, roomiest));
  const started = present.map((replicas, index) => replicas + at(opened, index));
  const left = rooms.map((room, index) => room - at(opened, index));
  // Few members: those that have something already, then the roomiest.
  const fullest = (a: number, b: number) =>
    holds(at(started, b)) - holds(at(started, a)) || at(left, b) - at(left, a);
  const share = strategy === 'Spread' ? spread(left) : pack(left, fullest);
  const added = grow(task, started, left, amount - sum(opened), share);
  return started.map((replicas, index) => replicas + at(added, index));
}

function grow(
  { members, constraints = [], strategy }: DynamicTask,
  present: readonly number[],
  limits: readonly number[],
  amount: number,
  share: Share,
): readonly number[] {
  const preferences = members.map(({ preference }) => preference);
  if (constraints.length === 0) return byPreference(preferences, (a, b) => b - a, amount, share);
  const order = strategy === 'Spread' ? leastFilled : mostUsed;
  return growOverDomains({ present, limits, preferences, constraints, amount, share, order });
}

function withdraw(
  task: DynamicTask,
  present: readonly number[],
  amount: number,
): readonly number[] {
  const { members, strategy, desired, minClusters = 0, constraints = [] } = task;
  // The largest keep one replica each, so that enough members still have one.
  const keepers = new Set(largest(present, Math.min(minClusters, desired)));
  const spare = present.map((replicas, index) =>
    keepers.has(index) ? Math.max(0, replicas - 1) : replicas,
  );
  // The smallest are emptied first, so that few members remain.
  const smallest = (a: number, b: number) => at(spare, a) - at(spare, b) || b - a;
  const share = strategy === 'Spread' ? spread(spare) : pack(spare, smallest);
  const preferences = members.map(({ preference }) => preference);
  const order = strategy === 'Spread' ? leastFilled : leastUsed;
  const removed =
    constraints.length === 0
      ? byPreference(preferences, (a, b) => a - b, amount, share)
      : shrinkOverDomains({
          present,
          limits: spare,
          preferences,
          constraints,
          amount,
          share,
          order,
        });
  return present.map((replicas, index) => replicas - at(removed, index));
}

/** In proportion to the limits. */
function spread(limits: readonly number[]): Share {
  return (indexes, amount) =>
    divideByShares(
      amount,
      indexes.map(index => at(limits, index)),
    );
}

/** One after the other, in the given order of members. */
function pack(limits: readonly number[], order: (a: number, b: number) => number): Share {
  return (indexes, amount) =>
    fill(
      amount,
      indexes.map(index => at(limits, index)),
      (a, b) => order(at(indexes, a), at(indexes, b)),
    );
}

/** The group of whose limit the smallest part would be used. */
function leastFilled(a: Group, b: Group): number {
  return (a.taken + 1) / a.limit - (b.taken + 1) / b.limit;
}

function mostUsed(a: Group, b: Group): number {
  return b.present + b.taken - (a.present + a.taken) || b.limit - a.limit;
}

function leastUsed(a: Group, b: Group): number {
  return a.present - a.taken - (b.present - b.taken);
}

function holds(replicas: number): number {
  return replicas > 0 ? 1 : 0;
}

function at(numbers: readonly number[], index: number): number {
  return numbers[index] ?? 0;
}
