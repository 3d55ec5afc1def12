import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { DiscoveredCluster } from '../../api/discovery/discovered-cluster.ts';
import type { Clock } from '../../reconcile/clock.ts';

/** What discovery counts; names start with `clusternet_discovery_`. */
export interface JoinMetrics {
  readonly joinSeconds: Histogram<'stage'>;
  readonly attempts: Counter<'result' | 'reason'>;
  readonly applied: Counter;
  readonly tokensIssued: Counter;
  readonly kubeconfigReads: Counter;
}

/** What there is at the moment, as discovery knows it. */
export interface JoinView {
  readonly discovered: () => readonly DiscoveredCluster[];
  /** In which version Clusters are read; undefined while they cannot be. */
  readonly capiVersion: () => string | undefined;
  readonly clock: Clock;
}

/** Registers the metrics; what can be told from the present state is looked up each time somebody asks. */
export function joinMetrics(
  registry: Registry,
  { discovered, capiVersion, clock }: JoinView,
): JoinMetrics {
  const registers = [registry];
  countClusters(registers, discovered);
  countConditions(registers, discovered);
  tellTokenExpiry(registers, discovered, clock);
  tellCapiVersion(registers, capiVersion);
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

/** Only of clusters on their way in: one that has joined has no such token any more. */
function tellTokenExpiry(
  registers: Registry[],
  discovered: () => readonly DiscoveredCluster[],
  clock: Clock,
): void {
  new Gauge({
    name: 'clusternet_discovery_token_expiry_seconds',
    help: 'Seconds until the bootstrap token of a cluster on its way in expires; negative once it has.',
    labelNames: ['namespace', 'name'],
    registers,
    collect() {
      this.reset();
      for (const { metadata, status } of discovered()) {
        const { namespace = '', name = '' } = metadata;
        if (status?.bootstrapExpiration === undefined) continue;
        const leftMs = Date.parse(status.bootstrapExpiration) - clock.now().getTime();
        this.set({ namespace, name }, leftMs / 1000);
      }
    },
  });
}

function tellCapiVersion(registers: Registry[], capiVersion: () => string | undefined): void {
  new Gauge({
    name: 'clusternet_discovery_capi_api_version_info',
    help: 'Always 1; in which version Clusters are read. Missing while they cannot be.',
    labelNames: ['version'],
    registers,
    collect() {
      this.reset();
      const version = capiVersion();
      if (version !== undefined) this.set({ version }, 1);
    },
  });
}
