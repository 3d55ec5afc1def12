import type { KubeObject } from '../../../api/kube-object.ts';
import type { Resource } from '../../../api/resource.ts';
import type { ObjectKey } from '../../../kube/client.ts';
import type { Informer } from '../../../reconcile/informer.ts';

/** What a provider reads of Cluster API's Cluster. */
export interface Cluster extends KubeObject {
  readonly spec?: {
    readonly paused?: boolean;
    readonly infrastructureRef?: ContractReference;
    readonly controlPlaneRef?: ContractReference;
  };
  readonly status?: {
    readonly initialization?: {
      readonly infrastructureProvisioned?: boolean;
      readonly controlPlaneInitialized?: boolean;
    };
  };
}

interface ContractReference {
  readonly apiGroup: string;
  readonly kind: string;
  readonly name: string;
}

export const clusters: Resource<Cluster> = {
  group: 'cluster.x-k8s.io',
  version: 'v1beta2',
  plural: 'clusters',
  kind: 'Cluster',
  namespaced: true,
};

const pausedAnnotation = 'cluster.x-k8s.io/paused';
const movedAnnotation = 'clusterctl.cluster.x-k8s.io/delete-for-move';

/** The name of the Cluster that an object belongs to; undefined until Cluster API has made that its owner. */
export function ownerName({ metadata }: KubeObject): string | undefined {
  return metadata.ownerReferences?.find(
    ({ apiVersion, kind }) => kind === clusters.kind && apiVersion.startsWith(`${clusters.group}/`),
  )?.name;
}

/** The Cluster that an object belongs to, if there is one. */
export function ownerCluster(
  object: KubeObject,
  informer: Pick<Informer<Cluster>, 'get'>,
): Cluster | undefined {
  const name = ownerName(object);
  return name === undefined
    ? undefined
    : informer.get({ namespace: object.metadata.namespace, name });
}

/** Whether nothing may be done for the object: it or its Cluster is paused, or `clusterctl move` is taking it away. */
export function isPaused(object: KubeObject, cluster: Cluster | undefined): boolean {
  const { annotations } = object.metadata;
  return (
    cluster?.spec?.paused === true ||
    cluster?.metadata.annotations?.[pausedAnnotation] !== undefined ||
    annotations?.[pausedAnnotation] !== undefined ||
    annotations?.[movedAnnotation] !== undefined
  );
}

/** The name of a Cluster on this machine: its own, with its namespace before it unless that is `default`. */
export function localName({ namespace, name = '' }: Partial<ObjectKey>): string {
  // Neither a namespace nor a Cluster of ours has a dot in its name, so no two Clusters share a local name.
  return namespace === 'default' ? name : `${namespace}.${name}`;
}
