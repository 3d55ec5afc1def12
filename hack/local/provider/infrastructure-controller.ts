import { setCondition } from '../../../api/conditions.ts';
import { builtin } from '../../../kube/builtin.ts';
import type { Controller } from '../../../reconcile/controller.ts';
import type { Informer } from '../../../reconcile/informer.ts';
import { splitKey } from '../../../reconcile/key.ts';
import { watchObjects } from '../../../reconcile/source.ts';
import { patchStatus } from '../../../reconcile/status-patch.ts';
import { type Cluster, isPaused, localName, ownerCluster } from './cluster.ts';
import { type LocalCluster, type LocalClusterStatus, localClusters } from './local-cluster.ts';
import { pausedCondition } from './local-control-plane-status.ts';
import { fieldManager, type ProviderContext } from './provider-context.ts';
import { workerNodes } from './worker-nodes.ts';

/** Gives each local cluster the worker nodes that its LocalCluster asks for. They go with the control plane. */
export function infrastructureController(
  context: ProviderContext,
  infrastructures: Informer<LocalCluster>,
): Controller {
  return {
    name: 'local-cluster',
    sources: [
      watchObjects(infrastructures),
      watchObjects(context.clusters, { enqueue: ({ object }) => referenced(object) }),
    ],
    async reconcile(key, signal) {
      const object = infrastructures.get(splitKey(key));
      if (object && object.metadata.deletionTimestamp === undefined) {
        await reconcile(context, object, signal);
      }
    },
  };
}

function referenced({ metadata, spec }: Cluster): string[] {
  const reference = spec?.infrastructureRef;
  return reference?.kind === localClusters.kind ? [`${metadata.namespace}/${reference.name}`] : [];
}

async function reconcile(
  context: ProviderContext,
  object: LocalCluster,
  signal: AbortSignal,
): Promise<void> {
  const { client, clusters } = context;
  const cluster = ownerCluster(object, clusters);
  // Without an owner it is not known yet which cluster this is the infrastructure of.
  if (cluster === undefined || cluster.metadata.deletionTimestamp !== undefined) return;
  const paused = isPaused(object, cluster);
  const nodes = paused ? {} : await provideNodes(context, object, cluster, signal);
  const { status = {}, metadata } = object;
  const condition = pausedCondition(paused, metadata.generation);
  const conditions = setCondition(status.conditions, condition, new Date());
  const next = { ...status, ...nodes, conditions };
  await patchStatus(client, localClusters, object, next, { fieldManager }, signal);
}

/**
 * The nodes that the groups ask for, once there is a control plane to register at. Only then is the infrastructure called
 * provisioned: Cluster API connects at that moment, and tries again only after 30 s when it finds no kubeconfig.
 */
async function provideNodes(
  { machine }: ProviderContext,
  { spec }: LocalCluster,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<LocalClusterStatus> {
  if (!cluster.status?.initialization?.controlPlaneInitialized) return {};
  const { controlPlane, kwok } = await machine.ensure(localName(cluster.metadata), signal);
  const wanted = workerNodes(cluster.metadata.name ?? '', spec.workers);
  await kwok.setNodes(wanted, signal);
  const names = new Set(wanted.map(({ name }) => name));
  const nodes = await controlPlane.client.listAll(builtin.nodes, {}, signal);
  const ready = nodes.filter(
    ({ metadata, status }) =>
      names.has(metadata.name ?? '') &&
      status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
  );
  return {
    initialization: { provisioned: true },
    replicas: wanted.length,
    readyReplicas: ready.length,
  };
}
