import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { DiscoveredCluster } from '../../api/discovery/discovered-cluster.ts';

/** What discovery counts; names start with `clusternet_discovery_`. */
export interface JoinMetrics {
  readonly joinSeconds: Histogram<'stage'>;
  readonly attempts: Counter<'result' | 'reason'>;
  readonly applied: Counter;
  readonly tokensIssued: Counter;
  readonly kubeconfigReads: Counter;
}

/** Registers the metrics; what can be counted from the live list is counted each time somebody asks. */
export function joinMetrics(
  registry: Registry,
  discovered: () => readonly DiscoveredCluster[],
): JoinMetrics {
  const registers = [registry];
  countClusters(registers, discovered);
  countConditions(registers, discovered);
  return {
    joinSeconds: new Histogram({
      name: 'clusternet_discovery_join_duration_seconds',
      help: 'Time from an initialized control plane to each stage: registered, applied, connected.',
      labelNames: ['stage'],
      buckets: [0.25, 0.5, 1, 2, 3, 5, 10, 30, 60, 300, 1800],
      registers,
    }),
    attempts: new Counter({
      name: 'clusternet_discovery_bootstrap_attempts_total',
      help: 'Looks at clusters on their way in, by what came of them.',
      labelNames: ['result', 'reason'],
      registers,
    }),
    applied: new Counter({
      name: 'clusternet_discovery_apply_requests_total',
      help: 'Objects of the agent applied into clusters.',
      registers,
    }),
    tokensIssued: new Counter({
      name: 'clusternet_discovery_token_issued_total',
      help: 'Bootstrap tokens issued.',
      registers,
    }),
    kubeconfigReads: new Counter({
      name: 'clusternet_discovery_kubeconfig_reads_total',
      help: 'Kubeconfig Secrets of Cluster API read.',
      registers,
    }),
  };
}

function countClusters(
  registers: Registry[],
  discovered: () => readonly DiscoveredCluster[],
): void {
  new Gauge({
    name: 'clusternet_discovery_clusters',
    help: 'Clusters by phase and policy.',
    labelNames: ['phase', 'policy'],
    registers,
    collect() {
      this.reset();
      for (const { spec, status } of discovered())
        this.inc({ phase: status?.phase ?? 'Waiting', policy: spec.policyRef?.name ?? '' });
    },
  });
}

/** Types and reasons come from closed lists, so there are never many. */
function countConditions(
  registers: Registry[],
  discovered: () => readonly DiscoveredCluster[],
): void {
  new Gauge({
    name: 'clusternet_discovery_condition',
    help: 'Clusters by condition, its status and its reason.',
    labelNames: ['type', 'status', 'reason'],
    registers,
    collect() {
      this.reset();
      for (const { status: now } of discovered())
        for (const { type, status, reason } of now?.conditions ?? [])
          this.inc({ type, status, reason });
    },
  });
}
