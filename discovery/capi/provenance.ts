import { isLabelValue } from '../../api/label-syntax.ts';
import { labels } from '../../api/well-known.ts';
import type { CapiCluster } from './cluster.ts';

/** Labels that tell, on the parent, where a cluster comes from. What does not fit into a label value is left out. */
export function provenanceLabels(cluster: CapiCluster): Record<string, string> {
  const facts: readonly (readonly [string, string | undefined])[] = [
    [labels.capiNamespace, cluster.namespace],
    [labels.capiCluster, cluster.name],
    [labels.capiClass, cluster.clusterClass?.name],
    [labels.capiClassNamespace, cluster.clusterClass?.namespace],
    [labels.capiInfrastructure, cluster.infrastructure?.kind],
    [labels.capiControlPlane, cluster.controlPlane?.kind],
    [labels.capiKubernetesMinor, minorOf(cluster.kubernetesVersion)],
  ];
  return Object.fromEntries(
    facts.flatMap(([key, value]) => (value && isLabelValue(value) ? [[key, value]] : [])),
  );
}

/** `v1.36.3` → `1.36`. */
function minorOf(version: string | undefined): string | undefined {
  return /^v?(\d+\.\d+)(\.|$)/.exec(version ?? '')?.[1];
}
