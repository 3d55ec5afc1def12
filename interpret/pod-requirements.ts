import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { type ReplicaRequirements, replicaRequirementsSchema } from '../api/apps/feed-inventory.ts';
import { podRequests, type RequestingPodSpec } from '../api/core/pod-requests.ts';
import { formatQuantity } from '../api/quantity.ts';
import { mapOf } from '../api/schema.ts';
import type { Misfit } from './interpretation.ts';

/** Kubernetes reads any number as a quantity, such as `cpu: 0.5`. */
const amounts = mapOf(Type.Union([Type.Number(), Type.String()]));
const resources = Type.Object({
  requests: Type.Optional(amounts),
  limits: Type.Optional(amounts),
});
const containers = Type.Array(
  Type.Object({
    resources: Type.Optional(resources),
    restartPolicy: Type.Optional(Type.String()),
  }),
);
const { nodeSelector, tolerations, affinity } = replicaRequirementsSchema.properties;

/** What of a PodSpec says where the pod may run and what it needs there. */
const podSpecSchema = Type.Object({
  containers,
  initContainers: Type.Optional(containers),
  resources: Type.Optional(resources),
  overhead: Type.Optional(amounts),
  nodeSelector,
  tolerations,
  affinity,
});

/**
 * What one pod needs, with its requests counted as kube-scheduler does (see {@link podRequests}). `at` is where the PodSpec
 * stands in its object. What the schema does not know is left out, so that it reads the same once the API server has stored it.
 */
export function podRequirements(
  podSpec: unknown,
  at: string,
): { readonly requirements: ReplicaRequirements } | { readonly misfit: Misfit } {
  const written = Value.Clean(podSpecSchema, withoutNulls(podSpec ?? { containers: [] }));
  const [error] = Value.Errors(podSpecSchema, written);
  if (error !== undefined) {
    const field = `${at}${error.instancePath}`;
    return { misfit: { reason: 'FieldInvalid', field, problem: error.message } };
  }
  const spec = written as RequestingPodSpec & Omit<ReplicaRequirements, 'resources'>;
  const requests = requestsOf(spec);
  const requirements = {
    ...(spec.nodeSelector && { nodeSelector: spec.nodeSelector }),
    ...(spec.tolerations && { tolerations: spec.tolerations }),
    ...(spec.affinity && { affinity: spec.affinity }),
    ...(Object.keys(requests).length > 0 && { resources: { requests } }),
  };
  return { requirements };
}

/** By name, so that the same needs are always written the same. */
function requestsOf(spec: RequestingPodSpec): Readonly<Record<string, string>> {
  const sorted = [...podRequests(spec)].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    sorted.map(([resource, nanos]) => [
      resource,
      formatQuantity({ nanos, notation: countsBytes(resource) ? 'binary' : 'decimal' }),
    ]),
  );
}

function countsBytes(resource: string): boolean {
  return /^(memory$|ephemeral-storage$|hugepages-)/.test(resource);
}

/** The API server takes a null for an absent field. The result is a copy. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const present = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(present.map(([name, member]) => [name, withoutNulls(member)]));
}
