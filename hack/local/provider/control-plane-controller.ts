import { readFile } from 'node:fs/promises';
import { builtin } from '../../../kube/builtin.ts';
import type { Controller } from '../../../reconcile/controller.ts';
import { addFinalizer, removeFinalizer } from '../../../reconcile/finalizers.ts';
import type { Informer } from '../../../reconcile/informer.ts';
import { splitKey } from '../../../reconcile/key.ts';
import { watchObjects } from '../../../reconcile/source.ts';
import { patchStatus } from '../../../reconcile/status-patch.ts';
import { type Cluster, isPaused, localName, ownerCluster, ownerName } from './cluster.ts';
import { kubeconfigSecret } from './kubeconfig-secret.ts';
import { type LocalControlPlane, localControlPlanes } from './local-control-plane.ts';
import { type ControlPlaneProgress, controlPlaneStatus } from './local-control-plane-status.ts';
import { fieldManager, type ProviderContext } from './provider-context.ts';

const finalizer = 'controlplane.cluster.x-k8s.io/local';

/** Makes each LocalControlPlane a running control plane, and removes it with everything in it when it is deleted. */
export function controlPlaneController(
  context: ProviderContext & { readonly kubernetesVersion: string },
  controlPlanes: Informer<LocalControlPlane>,
): Controller {
  const reconciler = new ControlPlaneReconciler(context);
  return {
    name: 'local-control-plane',
    sources: [
      watchObjects(controlPlanes),
      watchObjects(context.clusters, { enqueue: ({ object }) => referenced(object) }),
    ],
    async reconcile(key, signal) {
      const object = controlPlanes.get(splitKey(key));
      if (object) await reconciler.reconcile(object, signal);
    },
  };
}

function referenced({ metadata, spec }: Cluster): string[] {
  const reference = spec?.controlPlaneRef;
  return reference?.kind === localControlPlanes.kind
    ? [`${metadata.namespace}/${reference.name}`]
    : [];
}

class ControlPlaneReconciler {
  readonly #context: ProviderContext & { readonly kubernetesVersion: string };

  constructor(context: ProviderContext & { readonly kubernetesVersion: string }) {
    this.#context = context;
  }

  async reconcile(object: LocalControlPlane, signal: AbortSignal): Promise<void> {
    const cluster = ownerCluster(object, this.#context.clusters);
    if (object.metadata.deletionTimestamp !== undefined) {
      if (!isPaused(object, cluster)) await this.#remove(object, signal);
      return;
    }
    // Without an owner it is not known yet which cluster this is the control plane of.
    if (cluster === undefined) return;
    const progress = isPaused(object, cluster)
      ? ({ state: 'paused' } as const)
      : await this.#advance(object, cluster, signal);
    const status = controlPlaneStatus(object, progress, new Date());
    const { client } = this.#context;
    await patchStatus(client, localControlPlanes, object, status, { fieldManager }, signal);
  }

  async #advance(
    object: LocalControlPlane,
    cluster: Cluster,
    signal: AbortSignal,
  ): Promise<ControlPlaneProgress> {
    const { client, machine, kubernetesVersion } = this.#context;
    const { version } = object.spec;
    if (version !== kubernetesVersion) {
      const message = `spec.version: ${version} is not on this machine, only ${kubernetesVersion} is`;
      return { state: 'waiting', reason: 'VersionNotAvailable', message };
    }
    await addFinalizer(client, localControlPlanes, object, finalizer, signal);
    const { controlPlane } = await machine.ensure(localName(cluster.metadata), signal);
    const kubeconfig = await readFile(controlPlane.kubeconfigPath, 'utf8');
    const secret = kubeconfigSecret(cluster.metadata.name ?? '', object, kubeconfig);
    await client.apply(builtin.secrets, secret, { fieldManager, force: true }, signal);
    if (cluster.status?.initialization?.infrastructureProvisioned)
      return { state: 'running', version };
    const message = 'the infrastructure of the Cluster is not provisioned yet';
    return { state: 'waiting', reason: 'WaitingForInfrastructure', message, version };
  }

  async #remove(object: LocalControlPlane, signal: AbortSignal): Promise<void> {
    if (!object.metadata.finalizers?.includes(finalizer)) return;
    const { client, machine } = this.#context;
    const { namespace } = object.metadata;
    const name = ownerName(object);
    if (name !== undefined) await machine.remove(localName({ namespace, name }), signal);
    await removeFinalizer(client, localControlPlanes, object, finalizer, signal);
  }
}
