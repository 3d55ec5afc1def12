import type { ConditionType, ReasonOf } from './reasons.ts';
import type { RetryCause } from './retry-schedule.ts';

/** One step of joining cannot go on: the condition says why, the cause says how soon another try is worth while. */
export class Blocked extends Error {
  override readonly name = 'Blocked';
  readonly condition: ConditionType;
  readonly reason: string;
  readonly retry: RetryCause;

  private constructor(
    condition: ConditionType,
    reason: string,
    message: string,
    retry: RetryCause,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.condition = condition;
    this.reason = reason;
    this.retry = retry;
  }

  static by<Type extends ConditionType>(
    condition: Type,
    reason: ReasonOf<Type>,
    message: string,
    retry: RetryCause,
    options?: ErrorOptions,
  ): Blocked {
    return new Blocked(condition, reason, message, retry, options);
  }
}
