import type { ManagedCluster } from '../../api/clusters/managed-cluster.ts';
import type { KubeClient } from '../../kube/client.ts';
import { readText } from '../../kube/read-text.ts';
import type { AllowedAddress } from './allowed-address.ts';
import { type DirectPredictor, directPredictor } from './direct-predictor.ts';
import { PredictionError } from './prediction-error.ts';
import { predictorRoute } from './predictor-route.ts';
import type { RawAnswer } from './read-prediction.ts';

/** An answer is a number with little around it. */
const largestAnswer = 65_536;

/** Asks the predictors of clusters, each by its own way. */
export class PredictorClient {
  readonly #parent: KubeClient;
  readonly #direct: readonly DirectPredictor[];

  constructor(parent: KubeClient, allowed: readonly AllowedAddress[]) {
    this.#parent = parent;
    this.#direct = allowed.map(directPredictor);
  }

  /** Sends the question, a ReplicaRequirements in JSON; throws a PredictionError when no answer came. */
  async ask(cluster: ManagedCluster, question: string, signal: AbortSignal): Promise<RawAnswer> {
    const route = predictorRoute(cluster, this.#direct);
    const { clusterId } = cluster.spec;
    try {
      const { statusCode, body } =
        route.kind === 'tunnel'
          ? await this.#throughTunnel(clusterId, question, signal)
          : await route.entry.ask(route.url, clusterId, question, signal);
      return { status: statusCode, text: await readText(body, largestAnswer) };
    } catch (error) {
      throw predictionError(error);
    }
  }

  /** The hub hands it to the agent, which alone knows where its predictor is. */
  #throughTunnel(clusterId: string, question: string, signal: AbortSignal) {
    const id = encodeURIComponent(clusterId);
    return this.#parent.request(
      {
        method: 'POST',
        path: `/apis/proxies.clusternet.io/v1alpha1/sockets/${id}/predict`,
        headers: { 'content-type': 'application/json' },
        body: question,
      },
      signal,
    );
  }
}

function predictionError(error: unknown): PredictionError {
  if (error instanceof RangeError) {
    return new PredictionError(
      'PredictorAnswerInvalid',
      `its predictor's answer is refused: ${error.message}`,
      { cause: error },
    );
  }
  const why = error instanceof Error ? error.message : String(error);
  return new PredictionError('PredictorUnreachable', `its predictor did not answer: ${why}`, {
    cause: error,
  });
}
