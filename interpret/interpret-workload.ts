import type { DynamicObject } from '../api/kube-object.ts';
import type { Verdict } from './interpretation.ts';
import { podRequirements } from './pod-requirements.ts';
import { readReplicas } from './read-replicas.ts';
import { valueAt } from './value-at.ts';

interface Workload {
  /** JSON pointer to the replicas that can be divided. */
  readonly replicas?: string;
  /** JSON pointer to the spec of its pods. */
  readonly podSpec: string;
}

const scaled: Workload = { replicas: '/spec/replicas', podSpec: '/spec/template/spec' };
const unscaled: Workload = { podSpec: '/spec/template/spec' };
const scheduled: Workload = { podSpec: '/spec/jobTemplate/spec/template/spec' };

/** Kubernetes' own kinds with pods, in every version that was ever served by default. */
const workloads: ReadonlyMap<string, Workload> = new Map([
  ['apps/v1/Deployment', scaled],
  ['apps/v1beta2/Deployment', scaled],
  ['apps/v1beta1/Deployment', scaled],
  ['extensions/v1beta1/Deployment', scaled],
  ['apps/v1/ReplicaSet', scaled],
  ['apps/v1beta2/ReplicaSet', scaled],
  ['extensions/v1beta1/ReplicaSet', scaled],
  ['apps/v1/StatefulSet', scaled],
  ['apps/v1beta2/StatefulSet', scaled],
  ['apps/v1beta1/StatefulSet', scaled],
  ['apps/v1/DaemonSet', unscaled],
  ['apps/v1beta2/DaemonSet', unscaled],
  ['extensions/v1beta1/DaemonSet', unscaled],
  ['batch/v1/Job', unscaled],
  ['batch/v1/CronJob', scheduled],
  ['batch/v1beta1/CronJob', scheduled],
]);

/**
 * What an object of Kubernetes' own kinds asks for; nothing for any other kind. Deployments, ReplicaSets and StatefulSets
 * have 1 replica when they do not say. The pods of DaemonSets, Jobs and CronJobs cannot be divided: a node, or a piece of work that
 * is to be done once, decides how many there are.
 */
export function interpretWorkload(object: DynamicObject): Verdict {
  const workload = workloads.get(`${object.apiVersion}/${object.kind}`);
  if (workload === undefined) return { interpretation: {} };
  const needed = podRequirements(valueAt(object, workload.podSpec), workload.podSpec);
  if ('misfit' in needed) return needed;
  const { requirements } = needed;
  const { replicas: replicaJsonPath } = workload;
  if (replicaJsonPath === undefined) return { interpretation: { requirements } };
  const replicas = readReplicas(valueAt(object, replicaJsonPath));
  if (typeof replicas === 'string') {
    return { misfit: { reason: 'FieldInvalid', field: replicaJsonPath, problem: replicas } };
  }
  return { interpretation: { replicas, replicaJsonPath, requirements } };
}
