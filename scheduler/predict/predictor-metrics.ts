import { Counter, Histogram, type Registry } from 'prom-client';
import type { PredictionReason } from './prediction-error.ts';

/** How a wish for a prediction ended; a failure that the last good answer made up for counts as both. */
export type PredictionResult = 'Answered' | 'Reused' | 'LastGood' | PredictionReason;

export interface PredictorMetrics {
  count(result: PredictionResult): void;
  /** How long one predictor took, in seconds. */
  took(seconds: number): void;
}

/** Registers the metrics; once per process. */
export function predictorMetrics(registry: Registry): PredictorMetrics {
  const registers = [registry];
  const counts = new Map<PredictionResult, number>();
  new Counter({
    name: 'clusternet_scheduler_predictions_total',
    help: 'Wishes to know how many replicas fit into a cluster, by how they ended.',
    labelNames: ['result'],
    registers,
    // Counted here, thousands at a time, and looked up only when somebody reads them.
    collect() {
      this.reset();
      for (const [result, count] of counts) this.inc({ result }, count);
    },
  });
  const durations = new Histogram({
    name: 'clusternet_scheduler_prediction_duration_seconds',
    help: 'How long a predictor took to answer, or to be given up.',
    buckets: [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 20],
    registers,
  });
  return {
    count: result => counts.set(result, (counts.get(result) ?? 0) + 1),
    took: seconds => durations.observe(seconds),
  };
}
