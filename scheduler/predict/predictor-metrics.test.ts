import assert from 'node:assert/strict';
import { Registry } from 'prom-client';
import { predictorMetrics } from './predictor-metrics.ts';

describe('predictorMetrics', () => {
  it('count by result, however often they are read', async () => {
    const registry = new Registry();
    const metrics = predictorMetrics(registry);
    metrics.count('Answered');
    metrics.count('Answered');
    metrics.count('PredictorTimedOut');
    metrics.took(0.2);
    await registry.metrics();
    const text = await registry.metrics();
    assert.match(text, /clusternet_scheduler_predictions_total\{result="Answered"\} 2\n/);
    assert.match(text, /clusternet_scheduler_predictions_total\{result="PredictorTimedOut"\} 1\n/);
    assert.match(text, /clusternet_scheduler_prediction_duration_seconds_count 1\n/);
  });
});
