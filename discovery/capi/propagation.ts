import type { LabelPropagation } from '../../api/discovery/cluster-discovery-policy.ts';
import { isLabelKey } from '../../api/label-syntax.ts';

/** Keys that tools keep their own books with: copying them would make the ManagedCluster look like theirs. */
const neverCopied =
  /^((.+\.)?(kubernetes|k8s)\.io|(.+\.)?x-k8s\.io|helm\.sh|argocd\.argoproj\.io|app\.kubernetes\.io)\//;

/** The labels of a Cluster that its ManagedCluster gets by the rules of a policy. Of two rules for one key the first wins. */
export function propagatedLabels(
  clusterLabels: Readonly<Record<string, string>>,
  propagation: readonly LabelPropagation[],
): Record<string, string> {
  const copied: Record<string, string> = {};
  for (const rule of propagation) {
    for (const [key, value] of Object.entries(clusterLabels)) {
      const target = targetKey(key, rule);
      if (target === undefined || neverCopied.test(key) || !isLabelKey(target)) continue;
      copied[target] ??= value;
    }
  }
  return copied;
}

function targetKey(
  key: string,
  { key: exact, prefix, rename }: LabelPropagation,
): string | undefined {
  if (exact !== undefined) return key === exact ? (rename ?? key) : undefined;
  if (prefix === undefined || !key.startsWith(prefix)) return undefined;
  return rename === undefined ? key : rename + key.slice(prefix.length);
}
