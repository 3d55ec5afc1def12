import {
  type CircuitBreakerPolicy,
  ConsecutiveBreaker,
  circuitBreaker,
  handleAll,
} from 'cockatiel';
import type { Counter } from 'prom-client';
import { readText } from '../../kube/read-text.ts';
import { keyOf } from '../../reconcile/key.ts';
import type { Logger } from '../../reconcile/logger.ts';
import { type Cycle, type Plugin, pluginApiVersion, type Replicas } from '../framework/plugin.ts';
import type { KeyedCluster } from '../sorted-clusters.ts';
import { type VerifiedPost, verifiedPost } from '../verified-post.ts';
import { readRejected, readReplicas, readScores } from './extender-answer.ts';
import type { ExtenderConfiguration, ExtenderVerb } from './extender-configuration.ts';

/** Whom an extender tells how it goes. */
export interface ExtenderSurroundings {
  readonly logger: Pick<Logger, 'warn'>;
  readonly requests: Counter<'extender' | 'verb' | 'result'>;
}

/** What an extender said in one cycle. */
interface Heard {
  readonly asked: ReadonlySet<string>;
  readonly question: string;
  readonly rejected: ReadonlyMap<string, string>;
  readonly scores: ReadonlyMap<string, number>;
  replicas?: Promise<ReadonlyMap<string, Replicas>>;
}

/** The largest answer: about 10,000 clusters a long sentence each. */
const largestAnswer = 4 << 20;
/** After so many failures in a row it is left alone for a while, so that nobody waits for what will not come. */
const failuresInARow = 5;
const leftAloneMs = 10_000;

/**
 * A program somewhere else that has a say in scheduling, over HTTP. It is asked once a cycle about all clusters that
 * fit so far, before plugins decide; its plugin then says what it said.
 */
export class Extender {
  readonly name: string;
  readonly ignorable: boolean;
  readonly plugin: Plugin;
  readonly #configuration: ExtenderConfiguration;
  readonly #surroundings: ExtenderSurroundings;
  readonly #post: VerifiedPost;
  readonly #breaker: CircuitBreakerPolicy = circuitBreaker(handleAll, {
    halfOpenAfter: leftAloneMs,
    breaker: new ConsecutiveBreaker(failuresInARow),
  });

  constructor(configuration: ExtenderConfiguration, surroundings: ExtenderSurroundings) {
    const {
      name,
      ignorable = false,
      allowLocalAddress: special,
      caFile,
      tokenFile,
    } = configuration;
    this.name = name;
    this.ignorable = ignorable;
    this.#configuration = configuration;
    this.#surroundings = surroundings;
    this.#post = verifiedPost({ caFile, tokenFile, special });
    this.plugin = this.#makePlugin();
  }

  get weight(): number {
    return this.#configuration.weight ?? 1;
  }

  takesPartIn(verb: ExtenderVerb): boolean {
    return this.#configuration.verbs.includes(verb);
  }

  /** Asks what plugins need to know at once; rejects when it fails, unless it is ignorable. */
  async consult(
    cycle: Cycle,
    clusters: readonly KeyedCluster[],
    signal: AbortSignal,
  ): Promise<void> {
    const asked = new Set(clusters.map(({ key }) => key));
    const question = questionOf(cycle, clusters);
    const [rejected, scores] = await Promise.all([
      this.#ask('filter', question, signal, json => readRejected(json, asked)),
      this.#ask('score', question, signal, json => readScores(json, asked)),
    ]);
    const heard: Heard = {
      asked,
      question,
      rejected: rejected ?? new Map(),
      scores: scores ?? new Map(),
    };
    cycle.notes.set(this.#note, heard);
  }

  get #note(): string {
    return `extender ${this.name}`;
  }

  #heard({ notes }: Cycle): Heard | undefined {
    return notes.get(this.#note) as Heard | undefined;
  }

  #makePlugin(): Plugin {
    return {
      name: `Extender/${this.name}`,
      filter: (cycle, cluster) => {
        const heard = this.#heard(cycle);
        if (heard === undefined) return undefined;
        const key = keyOf(cluster);
        const reason = heard.rejected.get(key);
        if (reason !== undefined) return { reason, evicts: false };
        // It came while the extender was asked: its coming is a reason to ask again.
        return heard.asked.has(key) ? undefined : { reason: 'have just come', evicts: false };
      },
      score: (cycle, cluster) => this.#heard(cycle)?.scores.get(keyOf(cluster)) ?? 0,
      predict: async (cycle, { key }, signal) => {
        const heard = this.#heard(cycle);
        if (heard === undefined) return undefined;
        heard.replicas ??= this.#ask('predict', heard.question, signal, json =>
          readReplicas(json, heard.asked, cycle),
        ).then(replicas => replicas ?? new Map());
        return (await heard.replicas).get(key);
      },
    };
  }

  /** Undefined when it is not asked that, or failed and may be ignored. */
  async #ask<Answer>(
    verb: ExtenderVerb,
    question: string,
    signal: AbortSignal,
    read: (json: string) => Answer,
  ): Promise<Answer | undefined> {
    if (!this.takesPartIn(verb)) return undefined;
    const { requests, logger } = this.#surroundings;
    const labels = { extender: this.name, verb };
    try {
      const answer = await this.#breaker.execute(async () =>
        read(await this.#send(verb, question, signal)),
      );
      requests.inc({ ...labels, result: 'success' });
      return answer;
    } catch (error) {
      signal.throwIfAborted();
      requests.inc({ ...labels, result: 'error' });
      const why = error instanceof Error ? error.message : String(error);
      const message = `extender ${this.name}, asked to ${verb}, failed: ${why}`;
      if (!this.ignorable) throw new Error(message, { cause: error });
      logger.warn({ err: error, ...labels }, 'an extender failed and is ignored');
      return undefined;
    }
  }

  async #send(verb: ExtenderVerb, question: string, signal: AbortSignal): Promise<string> {
    const { url, timeoutSeconds = 5 } = this.#configuration;
    const timeout = AbortSignal.timeout(timeoutSeconds * 1000);
    const { statusCode, body } = await this.#post(
      `${url.replace(/\/$/, '')}/${verb}`,
      question,
      AbortSignal.any([signal, timeout]),
    );
    const text = await readText(body, largestAnswer);
    if (statusCode === 200) return text;
    throw new Error(`it answered ${statusCode}`);
  }
}

/** What is known of the clusters without asking them. */
function questionOf({ subscription, inventory }: Cycle, clusters: readonly KeyedCluster[]): string {
  const { metadata, spec, status } = subscription;
  const { namespace, name, uid, labels } = metadata;
  return JSON.stringify({
    apiVersion: pluginApiVersion,
    subscription: {
      metadata: { namespace, name, uid, labels },
      spec,
      status: { bindingClusters: status?.bindingClusters, replicas: status?.replicas },
    },
    feeds: inventory?.spec.feeds,
    clusters: clusters.map(({ key, cluster }) => ({
      key,
      clusterId: cluster.spec.clusterId,
      labels: cluster.metadata.labels,
      taints: cluster.spec.taints,
      k8sVersion: cluster.status?.k8sVersion,
      allocatable: cluster.status?.allocatable,
      capacity: cluster.status?.capacity,
    })),
  });
}
