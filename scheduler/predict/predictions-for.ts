import type { Runtime } from '../../reconcile/runtime.ts';
import { Predictions, type PredictionsOptions } from './predictions.ts';
import { readPredictorArgs } from './predictor-args.ts';
import { PredictorClient } from './predictor-client.ts';
import { readPrediction } from './read-prediction.ts';

/** Predictions as the args of plugin Predictor want them; throws CN_SCHEDULER_CONFIG when they are wrong. */
export function predictionsFor(
  args: unknown,
  { client, clock }: Pick<Runtime, 'client' | 'clock'>,
  shared: Pick<PredictionsOptions, 'metrics' | 'assumed'>,
): Predictions {
  const { timeoutSeconds, reuseSeconds, lastGoodSeconds, parallelism, maxReplicas, ...rest } =
    readPredictorArgs(args);
  const predictors = new PredictorClient(client, rest.allowedAddresses);
  return new Predictions({
    ask: async (cluster, question, signal) =>
      readPrediction(await predictors.ask(cluster, question, signal), maxReplicas),
    clock,
    ...shared,
    timeoutMs: timeoutSeconds * 1000,
    reuseMs: reuseSeconds * 1000,
    lastGoodMs: lastGoodSeconds * 1000,
    parallelism,
  });
}
