import type { SpreadConstraint } from './spread-constraint.ts';

/** The replicas in each domain of one constraint. */
export class DomainCounts {
  readonly constraint: SpreadConstraint;
  readonly #counts = new Map<string, number>();
  #fewest: number | undefined;

  constructor(constraint: SpreadConstraint, replicas: readonly number[]) {
    this.constraint = constraint;
    replicas.forEach((count, index) => {
      this.add(index, count);
    });
  }

  /** How many replicas the domain of a member has more than the one with the fewest; Infinity outside of all. */
  skew(member: number): number {
    const count = this.#counts.get(this.constraint.domains[member] ?? '');
    if (count === undefined) return Infinity;
    this.#fewest ??= this.#counts.values().reduce((a, b) => Math.min(a, b), Infinity);
    return count - (this.#counts.size < (this.constraint.minDomains ?? 1) ? 0 : this.#fewest);
  }

  /** Counts replicas that a member gets, or loses. */
  add(member: number, replicas: number): void {
    const domain = this.constraint.domains[member];
    if (domain === undefined) return;
    this.#counts.set(domain, (this.#counts.get(domain) ?? 0) + replicas);
    this.#fewest = undefined;
  }
}
