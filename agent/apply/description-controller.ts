import { type Description, descriptions } from '../../api/apps/description.ts';
import { findCondition } from '../../api/conditions.ts';
import { creators, finalizers } from '../../api/well-known.ts';
import { Backoff } from '../../kube/backoff.ts';
import type { KubeClient } from '../../kube/client.ts';
import { ResourceDiscovery } from '../../kube/resource-discovery.ts';
import type { Cache } from '../../reconcile/cache.ts';
import type { Controller, ReconcileResult } from '../../reconcile/controller.ts';
import { addFinalizer, removeFinalizer } from '../../reconcile/finalizers.ts';
import type { Informer } from '../../reconcile/informer.ts';
import { splitKey } from '../../reconcile/key.ts';
import type { Runtime } from '../../reconcile/runtime.ts';
import { watchObjects } from '../../reconcile/source.ts';
import { patchStatus } from '../../reconcile/status-patch.ts';
import {
  type AppliedState,
  type ApplyCause,
  adoptOf,
  manifestStatuses,
  whyApply,
} from './applied-state.ts';
import { ChildObjects } from './child-objects.ts';
import { type ApplyResult, DescriptionApplier } from './description-applier.ts';
import { nextStatus, type Summary, summarize } from './description-summary.ts';
import { obsolete } from './inventory.ts';
import { InventoryStore } from './inventory-store.ts';
import { type Needed, neededBy } from './needed.ts';
import { ObjectApplier } from './object-applier.ts';
import { type ObjectId, objectIdOf } from './object-id.ts';
import { ObjectRemover } from './object-remover.ts';
import { type PruneResult, prune } from './pruner.ts';
import { ownerName, renderDescription } from './rendered-description.ts';

export interface ApplyOptions {
  /** The parent; Descriptions of the cluster's dedicated namespace are in its cache. */
  readonly parent: Pick<Runtime, 'client' | 'cache' | 'events' | 'clock'>;
  readonly namespace: string;
  /** The child with the agent's own rights, for inventories. */
  readonly child: KubeClient;
  /** The child with the deployer's rights, for what is delivered. */
  readonly deployer: { readonly client: KubeClient; readonly cache: Cache };
  /** The cluster is the parent itself. */
  readonly isParent: boolean;
}

const stillGoingMs = 1_000;
const quietMs = 10 * 60_000;
const chartsUnsupported: Summary = {
  phase: 'Failure',
  reason: 'Unsupported',
  message: 'this agent does not install Helm charts; deliver rendered objects',
};

/** Makes the child what the Descriptions of its dedicated namespace say, and tells them how it is. */
export function descriptionController(options: ApplyOptions): Controller {
  const { cache } = options.parent;
  const informer = cache.informer(descriptions, { namespace: options.namespace });
  const objects = new ChildObjects(options.deployer.cache);
  const apply = new Apply(options, informer, objects);
  return {
    name: 'apply',
    concurrency: 4,
    sources: [watchObjects(informer), objects.source()],
    reconcile: (key, signal) => apply.reconcile(key, signal),
  };
}

class Apply {
  readonly #options: ApplyOptions;
  readonly #informer: Informer<Description>;
  readonly #objects: ChildObjects;
  readonly #inventories: InventoryStore;
  readonly #applier: DescriptionApplier;
  readonly #remover: ObjectRemover;
  readonly #states = new Map<string, AppliedState>();

  constructor(options: ApplyOptions, informer: Informer<Description>, objects: ChildObjects) {
    const { client } = options.deployer;
    const discovery = new ResourceDiscovery(client);
    this.#options = options;
    this.#informer = informer;
    this.#objects = objects;
    this.#inventories = new InventoryStore(options.child);
    this.#remover = new ObjectRemover(client, discovery);
    this.#applier = new DescriptionApplier({
      applier: new ObjectApplier(client, discovery, objects),
      inventories: this.#inventories,
      isParent: options.isParent,
      isWantedBy: (owner, id) => this.#isWantedBy(owner, id),
    });
  }

  /**
   * Only a Description that is there and marked for deletion is withdrawn. One that is not there proves nothing
   * (the hub may have lost it), so what was applied for it stays.
   */
  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const description = this.#informer.get(splitKey(key));
    if (description === undefined) {
      this.#states.delete(key);
      return undefined;
    }
    if (description.spec.deployer !== 'Generic') {
      // Charts come with the Helm deployer; until then they are nobody's.
      await this.#writeSummary(description, chartsUnsupported, signal);
      return undefined;
    }
    if (description.metadata.deletionTimestamp !== undefined) {
      this.#states.delete(key);
      return this.#withdraw(description, signal);
    }
    return this.#maintain(key, description, signal);
  }

  async #maintain(
    key: string,
    description: Description,
    signal: AbortSignal,
  ): Promise<ReconcileResult | undefined> {
    const { clock, client } = this.#options.parent;
    const known = this.#states.get(key);
    const cause = whyApply(known, description, this.#objects, clock.monotonic());
    if (
      known !== undefined &&
      (cause === undefined || isTooSoon(cause, known, clock.monotonic()))
    ) {
      await this.#write(description, known, signal);
      return waitFor(known, cause, clock.monotonic());
    }
    const finalizer = finalizers.apps;
    const ours = await addFinalizer(client, descriptions, description, finalizer, signal);
    const state = await this.#apply(ours, known, cause, signal);
    this.#states.set(key, state);
    this.#tell(ours, state.summary);
    await this.#write(ours, state, signal);
    return waitFor(state, undefined, clock.monotonic());
  }

  async #apply(
    description: Description,
    known: AppliedState | undefined,
    cause: ApplyCause | undefined,
    signal: AbortSignal,
  ): Promise<AppliedState> {
    const result = await this.#applier.apply(description, signal);
    const pruned = await this.#prune(description, result, signal);
    const now = this.#options.parent.clock.monotonic();
    const outcomes = [...result.outcomes, ...pruned.outcomes];
    const summary = summarize(outcomes);
    const waits = [summary.retryAfterMs, pruned.remaining.length > 0 ? stillGoingMs : undefined];
    const wait = Math.min(...waits.map(each => each ?? Number.POSITIVE_INFINITY));
    const repairs = repairsAfter(known, cause, now);
    return {
      uid: description.metadata.uid,
      generation: description.metadata.generation,
      adopt: adoptOf(description),
      summary,
      placed: result.placed,
      applied: result.applied,
      retryAt: now + wait,
      repairs,
      repairFrom: cause === 'drift' ? now + repairs.next() : now,
    };
  }

  /** Takes away what earlier generations brought and this one does not. */
  async #prune(
    description: Description,
    result: ApplyResult,
    signal: AbortSignal,
  ): Promise<PruneResult> {
    const { inventory } = result;
    const wanted = new Set(result.placed.map(({ object }) => objectIdOf(object)));
    const entries = result.complete ? obsolete(inventory, wanted) : [];
    const needed = () => this.#neededByAll();
    const owner = ownerName(description);
    const pruned = await prune(this.#remover, inventory, entries, owner, needed, signal);
    await this.#inventories.write(description.metadata.uid ?? '', owner, pruned.inventory, signal);
    return pruned;
  }

  async #withdraw(
    description: Description,
    signal: AbortSignal,
  ): Promise<ReconcileResult | undefined> {
    const { uid = '' } = description.metadata;
    const owner = ownerName(description);
    const inventory = await this.#inventories.read(uid, signal);
    const entries = [...inventory.values()];
    const needed = () => this.#neededByAll();
    const pruned = await prune(this.#remover, inventory, entries, owner, needed, signal);
    if (pruned.remaining.length > 0) {
      await this.#inventories.write(uid, owner, pruned.inventory, signal);
      if (pruned.outcomes.length === 0) return { requeueAfterMs: stillGoingMs };
      const summary = summarize(pruned.outcomes);
      this.#tell(description, summary);
      await this.#writeSummary(description, summary, signal);
      return { requeueAfterMs: summary.retryAfterMs ?? stillGoingMs };
    }
    await this.#inventories.remove(uid, signal);
    const { client } = this.#options.parent;
    await removeFinalizer(client, descriptions, description, finalizers.apps, signal);
    return undefined;
  }

  #neededByAll(): Needed {
    return neededBy(this.#living().flatMap(renderedObjects));
  }

  #isWantedBy(owner: string, id: ObjectId): boolean {
    const other = this.#living().find(description => ownerName(description) === owner);
    return other !== undefined && renderedObjects(other).some(object => objectIdOf(object) === id);
  }

  #living(): readonly Description[] {
    return this.#informer
      .list()
      .filter(({ metadata, spec }) => !metadata.deletionTimestamp && spec.deployer === 'Generic');
  }

  async #write(description: Description, state: AppliedState, signal: AbortSignal): Promise<void> {
    const manifests = manifestStatuses(state, this.#objects);
    await this.#writeSummary(description, state.summary, signal, manifests);
  }

  async #writeSummary(
    description: Description,
    summary: Summary,
    signal: AbortSignal,
    manifests = description.status?.manifestStatuses ?? [],
  ): Promise<void> {
    const { client, clock } = this.#options.parent;
    const status = nextStatus(description, summary, manifests, clock.now());
    const writer = { fieldManager: creators.agent, alone: true };
    const written = await patchStatus(client, descriptions, description, status, writer, signal);
    this.#informer.note(written);
  }

  /** One event per turn of events, not per reconcile. */
  #tell(description: Description, { phase, reason, message }: Summary): void {
    const { events } = this.#options.parent;
    const before = findCondition(description.status?.conditions, 'Applied');
    if (before?.reason === reason && before.message === message) return;
    if (phase === 'Success') events.normal(description, 'SuccessfullyDeployed', message);
    else events.warning(description, 'UnSuccessfullyDeployed', message);
  }
}

function renderedObjects(description: Description) {
  return renderDescription(description).objects.map(({ object }) => object);
}

/** The pace of repairs slows down while they follow each other, and recovers after some quiet. */
function repairsAfter(
  known: AppliedState | undefined,
  cause: ApplyCause | undefined,
  now: number,
): Backoff {
  const goesOn = cause === 'drift' && known !== undefined && now < known.repairFrom + quietMs;
  return goesOn ? known.repairs : new Backoff({ initialMs: 1_000, maxMs: 5 * 60_000 });
}

function isTooSoon(cause: ApplyCause, state: AppliedState, now: number): boolean {
  return cause === 'drift' && now < state.repairFrom;
}

function waitFor(
  state: AppliedState,
  cause: ApplyCause | undefined,
  now: number,
): ReconcileResult | undefined {
  const until = cause === 'drift' ? Math.min(state.retryAt, state.repairFrom) : state.retryAt;
  return Number.isFinite(until) ? { requeueAfterMs: Math.max(until - now, 1) } : undefined;
}
