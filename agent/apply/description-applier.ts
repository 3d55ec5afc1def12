import type { Description } from '../../api/apps/description.ts';
import { formatFeed } from '../../api/apps/feed.ts';
import { annotations } from '../../api/well-known.ts';
import { inApplyOrder } from './apply-order.ts';
import { classifyRefusal, type FeedOutcome, type FeedReason } from './apply-outcome.ts';
import { type Claim, judgeClaim } from './claim.ts';
import { inParallel } from './in-parallel.ts';
import { extend, type Inventory, type InventoryEntry, settle, without } from './inventory.ts';
import type { InventoryStore } from './inventory-store.ts';
import { isDefinedBy, type ObjectApplier, type PlacedObject } from './object-applier.ts';
import { feedOf, groupOf, idOf, type ObjectId, objectIdOf, versionOf } from './object-id.ts';
import type { ObservedObject } from './observed-object.ts';
import { whyProtected } from './protected-object.ts';
import { ownerName, type RenderedObject, renderDescription } from './rendered-description.ts';

/** What applying a Description came to. */
export interface ApplyResult {
  /** In the order of spec.raw, objects that could not be read included. */
  readonly outcomes: readonly FeedOutcome[];
  /** Where its objects live, in the order of spec.raw; those of unknown kinds are missing. */
  readonly placed: readonly PlacedObject[];
  /** Each object as it was right after it was applied; those that were refused are missing. */
  readonly applied: ReadonlyMap<ObjectId, ObservedObject>;
  readonly inventory: Inventory;
  /** Everything wanted is known by its id: only then may the rest of the inventory be pruned. */
  readonly complete: boolean;
}

export interface DescriptionApplierOptions {
  readonly applier: ObjectApplier;
  readonly inventories: InventoryStore;
  /** The cluster is the parent itself. */
  readonly isParent: boolean;
  /** Whether the Description of that name (`namespace.name`) is there and wants the object. */
  isWantedBy(owner: string, id: ObjectId): boolean;
}

const atATime = 8;

/** Applies all objects of one Description, each failure for itself. */
export class DescriptionApplier {
  readonly #options: DescriptionApplierOptions;

  constructor(options: DescriptionApplierOptions) {
    this.#options = options;
  }

  async apply(description: Description, signal: AbortSignal): Promise<ApplyResult> {
    const run = new Run(this.#options, description, signal);
    run.protect();
    await run.applyAll();
    return run.result();
  }
}

interface Claimed extends PlacedObject {
  readonly item: RenderedObject;
  /** Of the object where it is placed: with the namespace its kind asks for. */
  readonly id: ObjectId;
  readonly live: ObservedObject | undefined;
  readonly claim: Claim;
}

/** One go through a Description. */
class Run {
  readonly #options: DescriptionApplierOptions;
  readonly #owner: string;
  readonly #uid: string;
  readonly #adopt: boolean;
  readonly #signal: AbortSignal;
  readonly #failures = new Map<RenderedObject, FeedOutcome>();
  readonly #problems: FeedOutcome[];
  readonly #objects: readonly RenderedObject[];
  readonly #placed = new Map<RenderedObject, PlacedObject>();
  readonly #applied = new Map<ObjectId, ObservedObject>();
  #inventory: Inventory = new Map();

  constructor(options: DescriptionApplierOptions, description: Description, signal: AbortSignal) {
    this.#options = options;
    this.#owner = ownerName(description);
    this.#uid = description.metadata.uid ?? '';
    this.#adopt = description.metadata.annotations?.[annotations.adopt] === 'true';
    this.#signal = signal;
    const { objects, problems } = renderDescription(description);
    this.#objects = objects;
    const { kind, apiVersion } = description;
    const feed = { apiVersion, kind, name: description.metadata.name ?? '' };
    this.#problems = problems.map(message => ({ feed, reason: 'Malformed', message }));
  }

  /** Rules out what this cluster may not be given. */
  protect(): void {
    for (const item of this.#objects) {
      const why = this.#options.isParent ? whyProtected(item.object) : undefined;
      if (why !== undefined) this.#fail(item, 'Protected', why);
    }
  }

  /** Definitions, namespaces, the rest; kinds that the definitions bring come last. */
  async applyAll(): Promise<void> {
    const definitions = this.#objects.map(({ object }) => object);
    const allowed = this.#objects.filter(item => !this.#failures.has(item));
    const comesLater = (object: RenderedObject['object']) => isDefinedBy(object, definitions);
    const [late] = await Promise.all([
      this.#place(allowed, comesLater, false),
      this.#readInventory(),
    ]);
    await this.#applyPlaced(allowed.filter(item => !late.includes(item)));
    if (late.length === 0) return;
    await this.#place(late, () => false, true);
    await this.#applyPlaced(late);
  }

  result(): ApplyResult {
    const outcomes = this.#objects.map(
      item => this.#failures.get(item) ?? { feed: feedOf(item.object) },
    );
    const unplaced = this.#objects.some(item => !this.#placed.has(item));
    return {
      outcomes: [...outcomes, ...this.#problems],
      placed: this.#objects.flatMap(item => this.#placed.get(item) ?? []),
      applied: this.#applied,
      inventory: settle(
        this.#inventory,
        new Map([...this.#applied].map(([id, { metadata }]) => [id, metadata.uid ?? ''])),
      ),
      complete: this.#problems.length === 0 && !unplaced,
    };
  }

  async #readInventory(): Promise<void> {
    this.#inventory = await this.#options.inventories.read(this.#uid, this.#signal);
  }

  /** Finds out where objects belong; answers those whose kind is still to come. */
  async #place(
    items: readonly RenderedObject[],
    comesLater: (object: RenderedObject['object']) => boolean,
    soon: boolean,
  ): Promise<readonly RenderedObject[]> {
    const { applier } = this.#options;
    const later = await inParallel(items, atATime, async item => {
      try {
        const placed = await applier[soon ? 'placeSoon' : 'place'](item.object, this.#signal);
        if (placed !== undefined) this.#placed.set(item, placed);
        else if (comesLater(item.object)) return item;
        else this.#fail(item, 'KindMissing', 'the cluster does not serve this kind');
      } catch (error) {
        this.#refuse(item, error);
      }
      return undefined;
    });
    return later.filter(item => item !== undefined);
  }

  async #applyPlaced(items: readonly RenderedObject[]): Promise<void> {
    // Written down before anything is applied, so that nothing of ours is ever unknown to us; meanwhile we look what is there.
    const fresh = this.#newEntries(items);
    const [claimed] = await Promise.all([this.#claim(items), this.#note(fresh)]);
    const mayApply = claimed.filter(({ claim }) => claim.verdict === 'apply');
    const refused = new Set(fresh.map(idOf)).difference(new Set(mayApply.map(({ id }) => id)));
    this.#inventory = without(this.#inventory, refused);
    await this.#note(mayApply.map(each => entryOf(each, each.claim)));
    const groups = inApplyOrder(mayApply, ({ resource }) => resource);
    for (const group of groups) await inParallel(group, atATime, item => this.#applyOne(item));
  }

  #newEntries(items: readonly RenderedObject[]): readonly InventoryEntry[] {
    const placed = items.flatMap(item => this.#placed.get(item) ?? []);
    return placed
      .filter(({ object }) => !this.#inventory.has(objectIdOf(object)))
      .map(each => entryOf(each));
  }

  async #note(entries: readonly InventoryEntry[]): Promise<void> {
    this.#inventory = extend(this.#inventory, entries);
    const { inventories } = this.#options;
    await inventories.write(this.#uid, this.#owner, this.#inventory, this.#signal);
  }

  async #claim(items: readonly RenderedObject[]): Promise<readonly Claimed[]> {
    const claims = await inParallel(items, atATime, async item => {
      const placed = this.#placed.get(item);
      if (placed === undefined) return undefined;
      try {
        return await this.#claimOne(item, placed);
      } catch (error) {
        this.#refuse(item, error);
        return undefined;
      }
    });
    return claims.filter(claim => claim !== undefined);
  }

  async #claimOne(item: RenderedObject, placed: PlacedObject): Promise<Claimed> {
    const id = objectIdOf(placed.object);
    const live = await this.#options.applier.look(placed, this.#signal);
    const claim = judgeClaim(live, this.#inventory.get(id), {
      owner: this.#owner,
      adopt: this.#adopt,
      isWantedBy: owner => this.#options.isWantedBy(owner, id),
    });
    if (claim.verdict === 'conflict') this.#fail(item, 'Conflict', claim.message);
    return { ...placed, item, id, live, claim };
  }

  async #applyOne({ item, resource, object, id, live, claim }: Claimed): Promise<void> {
    if (claim.verdict !== 'apply') return;
    const { applier } = this.#options;
    try {
      this.#applied.set(id, await applier.apply({ resource, object }, live, claim, this.#signal));
    } catch (error) {
      this.#refuse(item, error);
    }
  }

  #refuse(item: RenderedObject, error: unknown): void {
    this.#signal.throwIfAborted();
    const feed = feedOf(item.object);
    this.#failures.set(item, { feed, ...classifyRefusal(error, feed) });
  }

  #fail(item: RenderedObject, reason: FeedReason, why: string): void {
    const feed = feedOf(item.object);
    this.#failures.set(item, { feed, reason, message: `${formatFeed(feed)}: ${why}` });
  }
}

function entryOf({ object, resource }: PlacedObject, claim?: Claim): InventoryEntry {
  const { namespace, name = '' } = object.metadata;
  return {
    group: groupOf(object.apiVersion),
    version: versionOf(object.apiVersion),
    kind: resource.kind,
    ...(namespace === undefined ? {} : { namespace }),
    name,
    ...(claim?.verdict === 'apply' && claim.found ? { found: true } : {}),
  };
}
