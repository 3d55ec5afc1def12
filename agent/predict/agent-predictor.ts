import { builtin } from '../../kube/builtin.ts';
import type { Node } from '../../kube/builtin-kinds.ts';
import { sleep } from '../../kube/sleep.ts';
import type { Informer } from '../../reconcile/informer.ts';
import type { Runtime } from '../../reconcile/runtime.ts';
import type { RequestHandler } from '../../tunnel/agent-end.ts';
import type { ClusterFacts } from '../report/next-status.ts';
import { callerReview } from './caller-review.ts';
import { clusterPredictor } from './cluster-predictor.ts';
import { ExternalPredictor } from './external-predictor.ts';
import type { Predictor } from './predictor.ts';
import { predictorHandler } from './predictor-handler.ts';
import type { PredictorOptions } from './predictor-options.ts';
import { type PredictorServerOptions, servePredictor } from './predictor-server.ts';
import { reducePod, roomTakingPods } from './reduce-pod.ts';

const listenAgainMs = 10_000;

type Reported = 'predictorEnabled' | 'predictorAddress' | 'predictorDirectAccess';

/** The part of the agent that says how many replicas fit: by itself, or by asking the predictor its flags name. */
export class AgentPredictor {
  readonly #options: PredictorOptions;
  readonly #child: Runtime;
  /** Undefined when another predictor answers, or none: then no pod is watched. */
  readonly #own: Predictor | undefined;

  constructor(options: PredictorOptions, child: Runtime, nodes: Informer<Node>) {
    this.#options = options;
    this.#child = child;
    const { enabled, address, serving } = options;
    if (enabled && (address === undefined || serving !== undefined)) {
      const pods = child.cache.informer(builtin.pods, {
        fieldSelector: roomTakingPods,
        transform: reducePod,
      });
      this.#own = clusterPredictor(nodes, pods);
    }
  }

  /** What the parent is told, in upstream's fields; an address only where somebody else has to know it. */
  get facts(): Pick<ClusterFacts, Reported> {
    const { enabled, address, directAccess } = this.#options;
    return {
      predictorEnabled: enabled,
      predictorDirectAccess: enabled && directAccess,
      predictorAddress: enabled ? address?.href.replace(/\/$/, '') : undefined,
    };
  }

  /** Calls `serve` with what answers the hub's questions about this cluster; nothing when there is no predictor. */
  async serve(
    clusterId: string,
    serve: (handler: RequestHandler | undefined) => Promise<void>,
  ): Promise<void> {
    const { enabled, address, caFile, tokenFile } = this.#options;
    if (this.#own !== undefined) return serve(predictorHandler(this.#own));
    if (!enabled || address === undefined) return serve(undefined);
    const external = new ExternalPredictor({ address, clusterId, caFile, tokenFile });
    try {
      await serve(predictorHandler((body, signal) => external.predict(body, signal)));
    } finally {
      await external.close();
    }
  }

  /** Listens on a port of its own until `signal` aborts, when the flags say so; what keeps it from that is logged and tried again. */
  async listen(bindAddress: string, signal: AbortSignal): Promise<void> {
    const { serving, port } = this.#options;
    if (this.#own === undefined || serving === undefined) return;
    const { client, clock, logger } = this.#child;
    const options: PredictorServerOptions = {
      predictor: this.#own,
      review: callerReview(client),
      files: serving,
      address: bindAddress,
      port,
      clock,
      logger,
    };
    while (!signal.aborted) {
      try {
        await servePredictor(options, signal);
      } catch (error) {
        logger.error({ err: error, port }, 'cannot serve the predictor, will try again');
        await sleep(listenAgainMs, signal).catch(() => {});
      }
    }
  }
}
