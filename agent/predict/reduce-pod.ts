import { podRequests } from '../../api/core/pod-requests.ts';
import { formatQuantity } from '../../api/quantity.ts';
import type { Pod } from '../../kube/builtin-kinds.ts';

/** Pods that take room on a node: they are bound to one and have not ended. */
export const roomTakingPods = 'spec.nodeName!=,status.phase!=Succeeded,status.phase!=Failed';

/**
 * A pod without all that does not say how much room it takes: one container stands for its whole request, so that
 * what is left (some hundred bytes) requests the same as the pod did.
 */
export function reducePod({ apiVersion, kind, metadata, spec }: Pod): Pod {
  const { namespace, name, uid, resourceVersion } = metadata;
  const requests = spec === undefined ? [] : [...podRequests(spec)];
  const written = requests.map(([resource, nanos]) => [
    resource,
    formatQuantity({ nanos, notation: 'decimal' }),
  ]);
  return {
    apiVersion,
    kind,
    metadata: {
      ...(namespace !== undefined && { namespace }),
      ...(name !== undefined && { name }),
      ...(uid !== undefined && { uid }),
      ...(resourceVersion !== undefined && { resourceVersion }),
    },
    spec: {
      ...(spec?.nodeName !== undefined && { nodeName: spec.nodeName }),
      containers: [{ name: 'all', resources: { requests: Object.fromEntries(written) } }],
    },
  };
}
