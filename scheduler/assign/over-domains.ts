import type { Share } from './by-preference.ts';
import { DomainCounts } from './domain-counts.ts';
import type { SpreadConstraint } from './spread-constraint.ts';
import { sum } from './sum.ts';

/** What is to be spread over domains. */
export interface DomainTask {
  /** Replicas each member has. */
  readonly present: readonly number[];
  /** How many more each may get, or how many it may lose. */
  readonly limits: readonly number[];
  readonly preferences: readonly number[];
  readonly constraints: readonly SpreadConstraint[];
  readonly amount: number;
  /** Divides what members that are alike get, or lose. */
  readonly share: Share;
  /** Which of two groups comes first where nothing else decides; negative for `a`. */
  readonly order: (a: Group, b: Group) => number;
}

/** Members of the same domains and the same preference. */
export interface Group {
  readonly members: readonly number[];
  readonly preference: number;
  readonly present: number;
  /** Sum of its limits. */
  readonly limit: number;
  /** How much of that is used. */
  taken: number;
}

/**
 * Places replicas as the kube-scheduler would, one after the other, where no required constraint forbids it: first
 * where no wished one is broken, then where it is preferred, then by the given order.
 */
export function growOverDomains(task: DomainTask): readonly number[] {
  return step(task, {
    most: (counts, member) =>
      counts.constraint.required ? counts.constraint.maxSkew - counts.skew(member) : Infinity,
    burden: (counts, member) =>
      counts.constraint.required
        ? 0
        : Math.max(0, counts.skew(member) + 1 - counts.constraint.maxSkew),
    sign: 1,
  });
}

/** Withdraws replicas one after the other: from the fullest domains, then where it is least preferred. */
export function shrinkOverDomains(task: DomainTask): readonly number[] {
  return step(task, {
    most: () => Infinity,
    burden: (counts, member) => -counts.skew(member),
    sign: -1,
  });
}

/** What tells placing from withdrawing. */
interface Rules {
  /** How many replicas of the member one constraint lets move at once. */
  most(counts: DomainCounts, member: number): number;
  /** What speaks against moving them. */
  burden(counts: DomainCounts, member: number): number;
  readonly sign: 1 | -1;
}

/** Large amounts move in parts of a sixty-fourth of the rest, so that the last replicas still go one by one. */
const parts = 64;

/** How many groups are looked at in one go, a fraction of a second; what is left then is placed in the next. */
const patience = 1_000_000;

function step(task: DomainTask, rules: Rules): readonly number[] {
  const counts = task.constraints.map(constraint => new DomainCounts(constraint, task.present));
  const groups = groupsOf(task);
  let rest = Math.min(task.amount, sum(task.limits));
  for (let looked = 0; rest > 0 && looked < patience; looked += groups.length) {
    const next = choose(groups, counts, rules, task.order);
    if (!next) break;
    const moved = Math.min(next.most, Math.ceil(rest / parts));
    next.group.taken += moved;
    for (const each of counts) each.add(first(next.group), rules.sign * moved);
    rest -= moved;
  }
  return collect(task, groups);
}

/** The group that replicas move in or out of next, and how many may at once. */
interface Choice {
  readonly group: Group;
  readonly burden: number;
  readonly most: number;
}

function choose(
  groups: readonly Group[],
  counts: readonly DomainCounts[],
  rules: Rules,
  order: DomainTask['order'],
): Choice | undefined {
  let best: Choice | undefined;
  for (const group of groups) {
    const member = first(group);
    let most = group.limit - group.taken;
    let burden = 0;
    for (const each of counts) {
      most = Math.min(most, rules.most(each, member));
      burden += rules.burden(each, member);
    }
    const choice = { group, burden, most };
    if (most > 0 && (!best || compare(choice, best, rules, order) < 0)) best = choice;
  }
  return best;
}

function compare(a: Choice, b: Choice, { sign }: Rules, order: DomainTask['order']): number {
  return (
    a.burden - b.burden ||
    sign * (b.group.preference - a.group.preference) ||
    order(a.group, b.group)
  );
}

function first({ members: [member = 0] }: Group): number {
  return member;
}

function groupsOf({ present, limits, preferences, constraints }: DomainTask): readonly Group[] {
  const alike = Map.groupBy(present.keys(), index =>
    JSON.stringify([preferences[index], ...constraints.map(({ domains }) => domains[index])]),
  );
  const total = (members: readonly number[], of: readonly number[]) =>
    sum(members.map(index => of[index] ?? 0));
  return [...alike.values()].map(members => ({
    members,
    preference: preferences[members[0] ?? 0] ?? 0,
    present: total(members, present),
    limit: total(members, limits),
    taken: 0,
  }));
}

function collect({ present, share }: DomainTask, groups: readonly Group[]): readonly number[] {
  const result = present.map(() => 0);
  for (const { members, taken } of groups) {
    const counts = share(members, taken);
    members.forEach((member, position) => {
      result[member] = counts[position] ?? 0;
    });
  }
  return result;
}
