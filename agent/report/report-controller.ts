import {
  type ManagedCluster,
  type ManagedClusterStatus,
  managedClusters,
} from '../../api/clusters/managed-cluster.ts';
import { aggregateNodeLabels, type NodeLabelRule } from '../../api/node-labels.ts';
import { isConflict, isNotFound } from '../../kube/api-error.ts';
import { builtin } from '../../kube/builtin.ts';
import type { Node, Pod } from '../../kube/builtin-kinds.ts';
import type { KubeClient, ObjectKey } from '../../kube/client.ts';
import type { Controller } from '../../reconcile/controller.ts';
import type { Informer } from '../../reconcile/informer.ts';
import { type Source, watchObjects } from '../../reconcile/source.ts';
import { patchStatus } from '../../reconcile/status-patch.ts';
import { type ApiServerFacts, readApiServerFacts } from './api-server-facts.ts';
import { type NetworkRanges, networkPodSelectors, networkRanges } from './network-ranges.ts';
import { type ClusterFacts, nextStatus } from './next-status.ts';
import { nodeFacts } from './node-facts.ts';

export interface ReportOptions {
  readonly child: KubeClient;
  readonly nodes: Informer<Node>;
  readonly parent: KubeClient;
  /** The ManagedCluster that stands for this cluster. */
  readonly cluster: ObjectKey;
  readonly agentVersion: string;
  readonly nodeLabelRule: NodeLabelRule;
  /** What there is to say of the predictor; does not change while the process runs. */
  readonly predictor: ClusterFacts;
}

/** Health and version are asked for this often; nodes report by themselves. */
const askEveryMs = 20_000;
const rangesEveryMs = 10 * 60_000;

const key = 'cluster';

/** A cluster without nodes has something to tell, too. */
const onceAtStart: Source = {
  start: enqueue => {
    enqueue(key, false);
    return () => undefined;
  },
  synced: () => Promise.resolve(),
};

/** Tells the parent what this cluster is: facts only, whenever one of them changes, and nothing at rest. */
export function reportController(options: ReportOptions): Controller {
  const report = new Report(options);
  return {
    name: 'report',
    concurrency: 1,
    sources: [onceAtStart, watchObjects(options.nodes, { enqueue: () => [key] })],
    reconcile: async (_cluster, signal) => {
      await report.send(signal);
      return { requeueAfterMs: askEveryMs };
    },
  };
}

class Report {
  readonly #options: ReportOptions;
  /** As the parent last showed it to us; read anew when it turns out to be another one. */
  #cluster: ManagedCluster | undefined;
  readonly #apiServer: Remembered<ApiServerFacts>;
  readonly #ranges: Remembered<NetworkRanges>;

  constructor(options: ReportOptions) {
    this.#options = options;
    const { child } = options;
    this.#apiServer = new Remembered(askEveryMs / 2, signal => readApiServerFacts(child, signal));
    this.#ranges = new Remembered(rangesEveryMs, signal => readRanges(child, signal));
  }

  async send(signal: AbortSignal): Promise<void> {
    const { parent, cluster } = this.#options;
    this.#cluster ??= await parent.get(managedClusters, cluster, signal);
    const current = this.#cluster.status ?? {};
    const next = nextStatus(current, await this.#facts(current, signal), new Date());
    try {
      const options = { fieldManager: 'clusternet-agent' };
      this.#cluster = await patchStatus(
        parent,
        managedClusters,
        this.#cluster,
        next,
        options,
        signal,
      );
    } catch (error) {
      if (isNotFound(error) || isConflict(error)) this.#cluster = undefined;
      throw error;
    }
  }

  async #facts(current: ManagedClusterStatus, signal: AbortSignal): Promise<ClusterFacts> {
    const { child, nodes, agentVersion, nodeLabelRule, predictor } = this.#options;
    const all = nodes.list();
    return {
      agentVersion,
      apiserverURL: child.access.server.href.replace(/\/$/, ''),
      appPusher: false,
      useSocket: true,
      ...predictor,
      ...(await this.#apiServer.get(signal)),
      ...(await this.#ranges.get(signal)),
      ...nodeFacts(all),
      nodeLabels: aggregateNodeLabels(all, current.nodeLabels, nodeLabelRule),
    };
  }
}

async function readRanges(child: KubeClient, signal: AbortSignal): Promise<NetworkRanges> {
  const found = new Map<string, readonly Pod[]>();
  for (const labelSelector of networkPodSelectors) {
    const { items } = await child.list(builtin.pods, { labelSelector, limit: 10 }, signal);
    found.set(labelSelector, items);
  }
  return networkRanges(selector => found.get(selector) ?? [], process.env);
}

/** An answer that is good for some time. */
class Remembered<T> {
  readonly #forMs: number;
  readonly #read: (signal: AbortSignal) => Promise<T>;
  #value: { readonly answer: T; readonly until: number } | undefined;

  constructor(forMs: number, read: (signal: AbortSignal) => Promise<T>) {
    this.#forMs = forMs;
    this.#read = read;
  }

  async get(signal: AbortSignal): Promise<T> {
    if (this.#value === undefined || performance.now() >= this.#value.until) {
      const answer = await this.#read(signal);
      this.#value = { answer, until: performance.now() + this.#forMs };
    }
    return this.#value.answer;
  }
}
