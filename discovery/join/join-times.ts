import type { Clock } from '../../reconcile/clock.ts';
import type { JoinMetrics } from './join-metrics.ts';
import type { Progress } from './progress.ts';
import type { ConditionType } from './reasons.ts';

const stages: readonly (readonly [stage: string, condition: ConditionType])[] = [
  ['registered', 'Registered'],
  ['applied', 'AgentApplied'],
  ['connected', 'Connected'],
];

/** Measures how long clusters take to join, from the moment their control plane is seen to be up; those that joined before are not counted. */
export class JoinTimes {
  readonly #clock: Clock;
  readonly #metrics: JoinMetrics;
  readonly #running = new Map<string, { readonly since: number; readonly reached: Set<string> }>();

  constructor(clock: Clock, metrics: JoinMetrics) {
    this.#clock = clock;
    this.#metrics = metrics;
  }

  /** The control plane of the cluster is up, seen for the first time. */
  begin(key: string): void {
    this.#running.set(key, { since: this.#clock.monotonic(), reached: new Set() });
  }

  /** The cluster is this far now. */
  note(key: string, progress: Progress): void {
    const run = this.#running.get(key);
    if (run === undefined) return;
    for (const [stage, condition] of stages) {
      if (run.reached.has(stage) || !progress.isTrue(condition)) continue;
      run.reached.add(stage);
      this.#metrics.joinSeconds.observe({ stage }, (this.#clock.monotonic() - run.since) / 1000);
    }
    if (progress.isTrue('Connected')) this.#running.delete(key);
  }

  forget(key: string): void {
    this.#running.delete(key);
  }
}
