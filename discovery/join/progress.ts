import { findCondition, isTrue, setCondition } from '../../api/conditions.ts';
import type { Condition } from '../../api/kube-object.ts';
import type { ConditionType, ReasonOf } from './reasons.ts';

/** Longest message kept: a condition is a sentence, not a log. */
const maxMessage = 1024;

/** The conditions of one cluster while we work on it: what is not looked at again stays as it was found last. */
export class Progress {
  readonly #now: Date;
  readonly #generation: number;
  #conditions: readonly Condition[];

  constructor(conditions: readonly Condition[], generation: number, now: Date) {
    this.#conditions = conditions;
    this.#generation = generation;
    this.#now = now;
  }

  get conditions(): readonly Condition[] {
    return this.#conditions;
  }

  set<Type extends ConditionType>(
    type: Type,
    status: Condition['status'],
    reason: ReasonOf<Type>,
    message: string,
  ): void {
    this.put(type, status, reason, message);
  }

  /** As set, for Ready, which borrows its reason from another condition. */
  put(type: ConditionType, status: Condition['status'], reason: string, message: string): void {
    this.#conditions = setCondition(
      this.#conditions,
      {
        type,
        status,
        reason,
        message: message.slice(0, maxMessage),
        observedGeneration: this.#generation,
      },
      this.#now,
    );
  }

  /** Forgets how far the cluster came: should it come back, it begins anew. */
  startOver(): void {
    const kept: readonly string[] = ['Selected', 'Deleting', 'Paused', 'ControlPlaneInitialized'];
    this.#conditions = this.#conditions.filter(({ type }) => kept.includes(type));
  }

  /** Whether the agent was let in once and keeps its own key since: to come back it needs nothing from us. */
  get hasJoined(): boolean {
    return this.find('BootstrapCredentialIssued')?.reason === 'NotNeeded';
  }

  find(type: ConditionType): Condition | undefined {
    return findCondition(this.#conditions, type);
  }

  isTrue(type: ConditionType): boolean {
    return isTrue(this.#conditions, type);
  }
}
