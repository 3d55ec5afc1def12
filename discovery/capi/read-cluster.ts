import type { DynamicObject } from '../../api/kube-object.ts';
import { type CapiCluster, capiNames, type ProviderReference } from './cluster.ts';
import { isTrueAt, listAt, textAt, textsAt, valueAt } from './fields.ts';

/** Where the two API versions keep the same facts. */
interface WireShape {
  readonly initialized: (cluster: unknown) => boolean;
  readonly conditionLists: readonly (readonly string[])[];
  readonly className: readonly string[];
  readonly classNamespace: readonly string[];
}

const v1beta2: WireShape = {
  initialized: cluster => isTrueAt(cluster, 'status', 'initialization', 'controlPlaneInitialized'),
  conditionLists: [['status', 'conditions']],
  className: ['spec', 'topology', 'classRef', 'name'],
  classNamespace: ['spec', 'topology', 'classRef', 'namespace'],
};

const v1beta1: WireShape = {
  initialized: cluster =>
    findCondition(cluster, v1beta1, 'ControlPlaneInitialized')?.status === 'True' ||
    isTrueAt(cluster, 'status', 'controlPlaneReady'),
  conditionLists: [
    ['status', 'v1beta2', 'conditions'],
    ['status', 'conditions'],
  ],
  className: ['spec', 'topology', 'class'],
  classNamespace: ['spec', 'topology', 'classNamespace'],
};

/** Reads a Cluster served as cluster.x-k8s.io/v1beta2 or v1beta1. Never throws: what is missing or misshapen counts as not there yet. */
export function readCluster(object: DynamicObject): CapiCluster {
  const shape = object.apiVersion === `${capiNames.group}/v1beta1` ? v1beta1 : v1beta2;
  const annotations = textsAt(object, 'metadata', 'annotations');
  const namespace = object.metadata.namespace ?? '';
  const initialized = shape.initialized(object);
  return {
    apiVersion: object.apiVersion,
    namespace,
    name: object.metadata.name ?? '',
    uid: object.metadata.uid ?? '',
    labels: textsAt(object, 'metadata', 'labels'),
    annotations,
    deleting: object.metadata.deletionTimestamp !== undefined,
    movedAway: capiNames.deleteForMoveAnnotation in annotations,
    paused: isTrueAt(object, 'spec', 'paused') || capiNames.pausedAnnotation in annotations,
    controlPlaneInitialized: initialized,
    waitingFor: initialized ? undefined : waitingFor(object, shape),
    phase: textAt(object, 'status', 'phase'),
    connectionLost: connectionLost(object, shape),
    clusterClass: clusterClass(object, shape, namespace),
    kubernetesVersion: textAt(object, 'spec', 'topology', 'version'),
    infrastructure: readReference(valueAt(object, 'spec', 'infrastructureRef')),
    controlPlane: readReference(valueAt(object, 'spec', 'controlPlaneRef')),
  };
}

/** v1beta2 references carry apiGroup, v1beta1 references carry apiVersion. */
function readReference(reference: unknown): ProviderReference | undefined {
  const kind = textAt(reference, 'kind');
  const name = textAt(reference, 'name');
  const group = textAt(reference, 'apiGroup') ?? textAt(reference, 'apiVersion')?.split('/')[0];
  return kind && name && group ? { group, kind, name } : undefined;
}

function clusterClass(
  cluster: unknown,
  shape: WireShape,
  namespace: string,
): CapiCluster['clusterClass'] {
  const name = textAt(cluster, ...shape.className);
  if (name === undefined) return undefined;
  return { name, namespace: textAt(cluster, ...shape.classNamespace) ?? namespace };
}

/** The first thing Cluster API itself reports as missing, in the order in which a cluster comes to life. */
function waitingFor(cluster: unknown, shape: WireShape): string | undefined {
  for (const type of ['InfrastructureReady', 'ControlPlaneInitialized']) {
    const condition = findCondition(cluster, shape, type);
    if (condition === undefined || condition.status === 'True') continue;
    return [type, condition.message ?? condition.reason].filter(Boolean).join(': ');
  }
  return textAt(cluster, 'status', 'failureMessage');
}

function connectionLost(cluster: unknown, shape: WireShape): string | undefined {
  const probe = findCondition(cluster, shape, 'RemoteConnectionProbe');
  return probe?.status === 'False'
    ? (probe.message ?? probe.reason ?? 'connection lost')
    : undefined;
}

interface ReadCondition {
  readonly status: string | undefined;
  readonly reason: string | undefined;
  readonly message: string | undefined;
}

function findCondition(
  cluster: unknown,
  shape: WireShape,
  type: string,
): ReadCondition | undefined {
  for (const path of shape.conditionLists) {
    const found = listAt(cluster, ...path).find(condition => textAt(condition, 'type') === type);
    if (found === undefined) continue;
    return {
      status: textAt(found, 'status'),
      reason: textAt(found, 'reason'),
      message: textAt(found, 'message'),
    };
  }
  return undefined;
}
