import { isDeepStrictEqual } from 'node:util';
import { setCondition } from '../../../api/conditions.ts';
import type { KubeObject } from '../../../api/kube-object.ts';
import { builtin } from '../../../kube/builtin.ts';
import type { Controller } from '../../../reconcile/controller.ts';
import type { Informer } from '../../../reconcile/informer.ts';
import { splitKey } from '../../../reconcile/key.ts';
import { watchObjects } from '../../../reconcile/source.ts';
import { patchStatus } from '../../../reconcile/status-patch.ts';
import { slotPorts } from '../slot.ts';
import { type Cluster, isPaused, localName, ownerCluster } from './cluster.ts';
import { type LocalCluster, type LocalClusterStatus, localClusters } from './local-cluster.ts';
import type { LocalControlPlane } from './local-control-plane.ts';
import { pausedCondition } from './local-control-plane-status.ts';
import { fieldManager, type ProviderContext } from './provider-context.ts';
import { workerNodes } from './worker-nodes.ts';

/** Gives each local cluster the worker nodes that its LocalCluster asks for. They go with the control plane. */
export function infrastructureController(
  context: ProviderContext,
  infrastructures: Informer<LocalCluster>,
  controlPlanes: Informer<LocalControlPlane>,
): Controller {
  return {
    name: 'local-cluster',
    sources: [
      watchObjects(infrastructures),
      watchObjects(context.clusters, { enqueue: ({ object }) => referenced(object) }),
      watchObjects(controlPlanes, {
        enqueue: ({ object }) => referenced(ownerCluster(object, context.clusters)),
      }),
    ],
    async reconcile(key, signal) {
      const object = infrastructures.get(splitKey(key));
      // Without an owner it is not known yet which cluster this is the infrastructure of.
      const cluster = object && ownerCluster(object, context.clusters);
      if (!object || !cluster || isLeaving(object) || isLeaving(cluster)) return;
      const name = cluster.spec?.controlPlaneRef?.name ?? '';
      const controlPlane = controlPlanes.get({ namespace: object.metadata.namespace, name });
      await reconcile(context, { object, cluster, controlPlane }, signal);
    },
  };
}

function referenced(cluster: Cluster | undefined): string[] {
  const reference = cluster?.spec?.infrastructureRef;
  if (reference?.kind !== localClusters.kind) return [];
  return [`${cluster?.metadata.namespace}/${reference.name}`];
}

function isLeaving({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined;
}

interface Infrastructure {
  readonly object: LocalCluster;
  readonly cluster: Cluster;
  readonly controlPlane: LocalControlPlane | undefined;
}

async function reconcile(
  context: ProviderContext,
  infrastructure: Infrastructure,
  signal: AbortSignal,
): Promise<void> {
  const { object, cluster } = infrastructure;
  const { metadata, status = {} } = object;
  const paused = isPaused(object, cluster);
  const advance = status.initialization?.provisioned ? provideNodes : provideEndpoint;
  const change = paused ? {} : await advance(context, infrastructure, signal);
  const condition = pausedCondition(paused, metadata.generation);
  const conditions = setCondition(status.conditions, condition, new Date());
  const next = { ...status, ...change, conditions };
  await patchStatus(context.client, localClusters, object, next, { fieldManager }, signal);
}

/**
 * Says where the API server is, once there is one with its kubeconfig Secret. Only then is the infrastructure called
 * provisioned: Cluster API connects at that moment, and when it cannot, it tries again only after 30 s.
 */
async function provideEndpoint(
  { client, machine }: ProviderContext,
  { object, cluster, controlPlane }: Infrastructure,
  signal: AbortSignal,
): Promise<LocalClusterStatus> {
  if (controlPlane?.status?.version === undefined) return {};
  const { namespace, name = '' } = object.metadata;
  const { slot } = (await machine.ensure(localName(cluster.metadata), signal)).controlPlane;
  const { host, port } = slotPorts.apiServer;
  const controlPlaneEndpoint = { host: slot.address(host), port };
  if (!isDeepStrictEqual(object.spec.controlPlaneEndpoint, controlPlaneEndpoint)) {
    const patch = { type: 'merge', body: { spec: { controlPlaneEndpoint } } } as const;
    await client.patch(localClusters, { namespace, name }, patch, { fieldManager }, signal);
  }
  return { initialization: { provisioned: true } };
}

/** Makes the nodes those that the groups ask for. */
async function provideNodes(
  { machine }: ProviderContext,
  { object, cluster }: Infrastructure,
  signal: AbortSignal,
): Promise<LocalClusterStatus> {
  const { controlPlane, kwok } = await machine.ensure(localName(cluster.metadata), signal);
  const wanted = workerNodes(cluster.metadata.name ?? '', object.spec.workers);
  await kwok.setNodes(wanted, signal);
  const names = new Set(wanted.map(({ name }) => name));
  const nodes = await controlPlane.client.listAll(builtin.nodes, {}, signal);
  const ready = nodes.filter(
    ({ metadata, status }) =>
      names.has(metadata.name ?? '') &&
      status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
  );
  return { replicas: wanted.length, readyReplicas: ready.length };
}
