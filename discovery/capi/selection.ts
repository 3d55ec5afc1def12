import type { ClusterDiscoveryPolicy } from '../../api/discovery/cluster-discovery-policy.ts';
import { matchesSelector, validateSelector } from '../../api/label-selector.ts';
import { labels } from '../../api/well-known.ts';
import type { CapiCluster } from './cluster.ts';

/** On a Cluster or its Namespace: `"true"` asks for the cluster to be joined, any other value forbids it. */
const discoverLabel = labels.discover;

export type Selection =
  | {
      readonly selected: true;
      readonly policy: ClusterDiscoveryPolicy;
      readonly reason: 'Selected' | 'PolicyInvalid';
      readonly message: string;
    }
  | {
      readonly selected: false;
      readonly reason: 'OptedOut' | 'NotOptedIn' | 'NoPolicyMatches';
      readonly message: string;
    };

export interface SelectionInput {
  readonly cluster: Pick<CapiCluster, 'name' | 'labels'>;
  /** Labels of the Namespace of the Cluster. */
  readonly namespaceLabels: Readonly<Record<string, string>>;
  readonly policies: readonly ClusterDiscoveryPolicy[];
  /** The policy that selected the cluster so far: a mistake in it must not drop its clusters. */
  readonly currentPolicy: string | undefined;
}

/** Whether, and by which policy, a Cluster is to be joined. The opt-out comes first; then the highest priority wins, then the oldest policy. */
export function selectCluster(input: SelectionInput): Selection {
  const label = input.cluster.labels[discoverLabel] ?? input.namespaceLabels[discoverLabel];
  if (label !== undefined && label !== 'true') return optedOut(input, label);
  const [winner, ...losers] = input.policies
    .filter(policy => matches(policy, input))
    .sort(byPrecedence);
  if (winner === undefined) return keepByInvalidPolicy(input) ?? noPolicy(input.policies);
  if (modeOf(winner) === 'OptIn' && label !== 'true')
    return {
      selected: false,
      reason: 'NotOptedIn',
      message: `policy ${nameOf(winner)} joins only clusters that ask for it: label the Cluster or its Namespace ${discoverLabel}=true`,
    };
  const others = losers.length > 0 ? ` (also matching: ${losers.map(nameOf).join(', ')})` : '';
  return {
    selected: true,
    policy: winner,
    reason: 'Selected',
    message: `selected by policy ${nameOf(winner)}${others}`,
  };
}

/** What is wrong with the selectors of a policy, field by field; such a policy selects nothing new and drops nothing old. */
export function selectorErrors(policy: ClusterDiscoveryPolicy): string[] {
  const { namespaceSelector, clusterSelector } = policy.spec;
  return [
    ...(namespaceSelector ? validateSelector(namespaceSelector, 'spec.namespaceSelector') : []),
    ...(clusterSelector ? validateSelector(clusterSelector, 'spec.clusterSelector') : []),
  ];
}

/** A selector that is absent matches everything: the shortest policy joins every cluster. */
function matches(policy: ClusterDiscoveryPolicy, input: SelectionInput): boolean {
  if (selectorErrors(policy).length > 0) return false;
  const { namespaceSelector = {}, clusterSelector = {} } = policy.spec;
  return (
    matchesSelector(namespaceSelector, input.namespaceLabels) &&
    matchesSelector(clusterSelector, input.cluster.labels)
  );
}

function byPrecedence(a: ClusterDiscoveryPolicy, b: ClusterDiscoveryPolicy): number {
  return (
    (b.spec.priority ?? 0) - (a.spec.priority ?? 0) ||
    (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? '') ||
    nameOf(a).localeCompare(nameOf(b))
  );
}

function keepByInvalidPolicy(input: SelectionInput): Selection | undefined {
  const policy = input.policies.find(candidate => nameOf(candidate) === input.currentPolicy);
  if (policy === undefined || selectorErrors(policy).length === 0) return undefined;
  return {
    selected: true,
    policy,
    reason: 'PolicyInvalid',
    message: `policy ${nameOf(policy)} is invalid and changes nothing until it is corrected: ${selectorErrors(policy).join('; ')}`,
  };
}

function optedOut(input: SelectionInput, label: string): Selection {
  const where = discoverLabel in input.cluster.labels ? 'the Cluster' : 'its Namespace';
  return {
    selected: false,
    reason: 'OptedOut',
    message: `label ${discoverLabel}=${label} on ${where} keeps it out`,
  };
}

function noPolicy(policies: readonly ClusterDiscoveryPolicy[]): Selection {
  const message =
    policies.length === 0
      ? 'there is no ClusterDiscoveryPolicy'
      : `no ClusterDiscoveryPolicy matches it (${policies.map(nameOf).join(', ')})`;
  return { selected: false, reason: 'NoPolicyMatches', message };
}

function modeOf(policy: ClusterDiscoveryPolicy): 'All' | 'OptIn' {
  return policy.spec.mode ?? 'All';
}

function nameOf(policy: ClusterDiscoveryPolicy): string {
  return policy.metadata.name ?? '';
}
