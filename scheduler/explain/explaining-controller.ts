import { explaining } from '../../api/apps/explanation.ts';
import { type Subscription, subscriptions } from '../../api/apps/subscription.ts';
import type { KubeObject } from '../../api/kube-object.ts';
import { apiVersionOf } from '../../api/resource.ts';
import { builtin } from '../../kube/builtin.ts';
import type { ConfigMap } from '../../kube/builtin-kinds.ts';
import type { Controller } from '../../reconcile/controller.ts';
import type { Change } from '../../reconcile/informer.ts';
import { splitKey } from '../../reconcile/key.ts';
import type { Runtime } from '../../reconcile/runtime.ts';
import { watchObjects } from '../../reconcile/source.ts';
import type { Scheduler } from '../scheduler.ts';
import { fitExplanation } from './fit-explanation.ts';

/** Answers, once each, those who ask by annotation why a Subscription is placed as it is, and clears the answers away. */
export function explainingController(scheduler: Scheduler, runtime: Runtime): Controller {
  const { subscriptions, clusters, inventories, dedicated } = scheduler;
  const answers = new Answers(scheduler, runtime);
  return {
    name: 'explaining',
    concurrency: 2,
    sources: [watchObjects(subscriptions, { when: isQuestion })],
    reads: [clusters, inventories, dedicated],
    reconcile: async (key, signal) => {
      const subscription = subscriptions.get(splitKey(key));
      if (!subscription || subscription.metadata.deletionTimestamp !== undefined) return undefined;
      const id = questionOf(subscription);
      const validMs = id === undefined ? 0 : remainingMs(id, runtime.clock.now());
      if (id === undefined || validMs <= 0) return answers.remove(subscription, signal);
      await answers.give(subscription, id, signal);
      return { requeueAfterMs: validMs };
    },
  };
}

/** The ConfigMaps with answers; one that is somebody else's is left alone. */
class Answers {
  readonly #scheduler: Scheduler;
  readonly #runtime: Runtime;

  constructor(scheduler: Scheduler, runtime: Runtime) {
    this.#scheduler = scheduler;
    this.#runtime = runtime;
  }

  async give(subscription: Subscription, id: string, signal: AbortSignal): Promise<void> {
    const live = await this.#find(subscription, signal);
    if (live && !isOurs(live, subscription)) {
      const message = `ConfigMap ${live.metadata.name} is somebody else's: rename or delete it to get an answer`;
      return this.#runtime.events.warning(subscription, 'ExplanationRefused', message, 'Explain');
    }
    if (live && questionOf(live) === id) return;
    const explanation = await this.#scheduler.explain(subscription, id, signal);
    if (explanation === undefined) return;
    if (live) await this.#delete(live, signal);
    const json = fitExplanation(explanation, explaining.limit);
    await this.#runtime.client.create(builtin.configMaps, answer(subscription, id, json), signal);
  }

  async remove(subscription: Subscription, signal: AbortSignal): Promise<undefined> {
    const live = await this.#find(subscription, signal);
    if (live && isOurs(live, subscription)) await this.#delete(live, signal);
  }

  #find({ metadata }: Subscription, signal: AbortSignal): Promise<ConfigMap | undefined> {
    const { namespace, name = '' } = metadata;
    const key = { namespace, name: explaining.configMapOf(name) };
    return this.#runtime.client.find(builtin.configMaps, key, signal);
  }

  async #delete({ metadata }: ConfigMap, signal: AbortSignal): Promise<void> {
    const { namespace, name = '', uid } = metadata;
    await this.#runtime.client.delete(builtin.configMaps, { namespace, name }, { uid }, signal);
  }
}

/** A question was asked, or taken back. */
function isQuestion({ type, object, old }: Change<Subscription>): boolean {
  return type !== 'deleted' && questionOf(object) !== (old && questionOf(old));
}

function questionOf({ metadata }: KubeObject): string | undefined {
  return metadata.annotations?.[explaining.annotation];
}

/** How long an answer to the question is valid from now. The clock of who asks may be off by as much; other texts ask nothing. */
function remainingMs(id: string, now: Date): number {
  const age = now.getTime() - Date.parse(id);
  return Math.abs(age) < explaining.validMs ? explaining.validMs - age : 0;
}

function isOurs({ metadata }: ConfigMap, subscription: Subscription): boolean {
  return (metadata.ownerReferences ?? []).some(({ uid }) => uid === subscription.metadata.uid);
}

function answer({ metadata }: Subscription, id: string, json: string): ConfigMap {
  const { namespace = '', name = '', uid = '' } = metadata;
  const { kind } = subscriptions;
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      namespace,
      name: explaining.configMapOf(name),
      annotations: { [explaining.annotation]: id },
      ownerReferences: [{ apiVersion: apiVersionOf(subscriptions), kind, name, uid }],
    },
    data: { [explaining.dataKey]: json },
  };
}
