import type { KubeClient } from '../../../kube/client.ts';
import { Cache } from '../../../reconcile/cache.ts';
import { systemClock } from '../../../reconcile/clock.ts';
import { runController } from '../../../reconcile/controller.ts';
import type { Logger } from '../../../reconcile/logger.ts';
import { createRegistry } from '../../../reconcile/runtime.ts';
import { clusters } from './cluster.ts';
import { controlPlaneController } from './control-plane-controller.ts';
import { infrastructureController } from './infrastructure-controller.ts';
import { localClusters } from './local-cluster.ts';
import { localControlPlanes } from './local-control-plane.ts';
import type { ProviderContext } from './provider-context.ts';

export interface LocalProviderOptions extends Pick<ProviderContext, 'client' | 'machine'> {
  readonly client: KubeClient;
  /** The only version that this machine has. */
  readonly kubernetesVersion: string;
  readonly logger: Logger;
}

/**
 * Runs the Cluster API provider `local` (contract v1beta2) until the signal aborts. Its kinds must be installed; the
 * clusters it has booted go on when it ends.
 */
export async function runLocalProvider(
  { client, machine, kubernetesVersion, logger }: LocalProviderOptions,
  signal: AbortSignal,
): Promise<void> {
  const cache = new Cache(client, { logger });
  const context = { client, machine, kubernetesVersion, clusters: cache.informer(clusters) };
  const runtime = { logger, metrics: createRegistry(), clock: systemClock };
  const controlPlanes = cache.informer(localControlPlanes);
  const controllers = [
    controlPlaneController(context, controlPlanes),
    infrastructureController(context, cache.informer(localClusters), controlPlanes),
  ];
  cache.start(signal);
  await Promise.all(controllers.map(controller => runController(controller, runtime, signal)));
}
