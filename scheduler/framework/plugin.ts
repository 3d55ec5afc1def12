import type { FeedInventory } from '../../api/apps/feed-inventory.ts';
import type { Subscription, SubscriptionStatus } from '../../api/apps/subscription.ts';
import type { ManagedCluster } from '../../api/clusters/managed-cluster.ts';
import type { Clusters } from '../cluster-index.ts';
import type { EvictionPlan } from '../failover/plan-evictions.ts';
import type { KeyedCluster } from '../sorted-clusters.ts';

/** One attempt to place one Subscription, as every plugin sees it. */
export interface Cycle {
  readonly subscription: Subscription;
  /** What its feeds need; with strategy Dividing, when there is one. */
  readonly inventory?: FeedInventory;
  /** All clusters, to be listed or selected by label. */
  readonly clusters: Clusters;
  /** `namespace/name` of the clusters it is bound to now. */
  readonly bound: ReadonlySet<string>;
  /** Which of them it is to leave, with gate FailOver. */
  readonly evictions?: EvictionPlan;
  /** A scheduled time of spec.rebalance has come. */
  readonly rebalanceDue?: true;
  /** What plugins hand to each other, by a name of their own. */
  readonly notes: Map<string, unknown>;
}

/** Why the whole Subscription cannot be placed; `reason` becomes the reason of its condition Scheduled. */
export interface Refusal {
  readonly reason: string;
  /** One sentence: which field, why, and what is allowed. */
  readonly message: string;
}

/** The only clusters that are worth looking at. */
export interface Narrowing {
  readonly clusters: readonly KeyedCluster[];
  /** Why all others are not; reads on from "2 clusters …". */
  readonly reason: string;
}

/** Why one cluster cannot take the Subscription. */
export interface Rejection {
  /** Reads on from "2 clusters …", e.g. "are not ready". */
  readonly reason: string;
  /** True when it also ends a placement that exists; false when it only keeps new ones away. */
  readonly evicts: boolean;
}

/** Replicas by feed key. */
export type Replicas = Readonly<Record<string, number>>;

/** What an assigning plugin is to divide. */
export interface Demand {
  /** How many replicas of each feed the candidates shall have together; feeds without replicas are missing. */
  readonly replicas: Replicas;
  /** Whether replicas that run may be moved to where they would be placed today. */
  readonly rebalance: boolean;
}

/** A cluster that may take the Subscription, with what is known about it. */
export interface Candidate extends KeyedCluster {
  readonly score: number;
  /** Bound, keeps what it has, and is to get nothing new: it is not ready, or tainted. */
  readonly retained?: true;
  /** How many more replicas of each feed fit, when somebody predicted it. */
  readonly capacity?: Replicas;
  /** Why nobody could, when somebody tried: it gets nothing new. */
  readonly unknown?: Refusal;
}

/** What was decided: the clusters, sorted, and with strategy Dividing the replicas in their order. */
export interface Placement {
  readonly clusters: readonly string[];
  readonly replicas?: Readonly<Record<string, readonly number[]>>;
}

/**
 * A placement of candidates as an assigning plugin divides it. A candidate that is not among its clusters keeps what it
 * has if it is bound, and is not bound otherwise; one keeps what it has of a feed that is not among its replicas.
 */
export interface Assignment extends Placement {
  /** Why it is not what was asked for. */
  readonly refusal?: Refusal;
}

/** A placement together with the status that says so. */
export interface Binding extends Placement {
  readonly status: SubscriptionStatus;
}

/**
 * A plugin takes part in scheduling at the points whose method it has, under upstream's names. What decides
 * must be pure: the same cycle gives the same answer. What acts (permit, preBind, bind) gets a signal.
 */
export interface Plugin {
  readonly name: string;
  /** Before any cluster is looked at; may narrow down which are. */
  preFilter?(cycle: Cycle): Refusal | Narrowing | undefined;
  /** May this cluster take it? */
  filter?(cycle: Cycle, cluster: ManagedCluster): Rejection | undefined;
  /** No cluster may: the last word on why. */
  postFilter?(cycle: Cycle, rejections: ReadonlyMap<string, Rejection>): Refusal | undefined;
  /** Before capacities are predicted; strategy Dividing only, as are the next one, preAssign and assign. */
  prePredict?(cycle: Cycle, candidates: readonly Candidate[]): Refusal | undefined;
  /**
   * How many more replicas of each feed fit; undefined leaves it to the other plugins, of which the smallest number counts.
   * Throws or rejects when the cluster's capacity is not to be had: it gets nothing new, and the others go on.
   */
  predict?(
    cycle: Cycle,
    candidate: Candidate,
    signal: AbortSignal,
  ): Replicas | undefined | Promise<Replicas | undefined>;
  /** Before scores are given. */
  preScore?(cycle: Cycle, candidates: readonly Candidate[]): Refusal | undefined;
  /** How well the cluster suits; any number, brought to 0..100 over all candidates. */
  score?(cycle: Cycle, cluster: ManagedCluster): number;
  /** Before replicas are assigned. */
  preAssign?(cycle: Cycle, candidates: readonly Candidate[]): Refusal | undefined;
  /**
   * Divides what is asked for over the candidates; undefined leaves it to the next plugin. Candidates come in the
   * order of their keys, which settles ties.
   */
  assign?(cycle: Cycle, candidates: readonly Candidate[], demand: Demand): Assignment | undefined;
  /** Sets something aside for the placement; undone by `unreserve` when it does not come to pass. */
  reserve?(cycle: Cycle, placement: Placement): Refusal | undefined;
  unreserve?(cycle: Cycle, placement: Placement): void;
  /** May wait; a refusal stops the placement. */
  permit?(cycle: Cycle, placement: Placement, signal: AbortSignal): Promise<Refusal | undefined>;
  /** Prepares the binding. */
  preBind?(cycle: Cycle, placement: Placement, signal: AbortSignal): Promise<void>;
  /** Writes the binding; false leaves it to the next plugin. */
  bind?(cycle: Cycle, binding: Binding, signal: AbortSignal): Promise<boolean>;
  /** After the binding. */
  postBind?(cycle: Cycle, placement: Placement): void;
}

/** Where plugins take part, in order. */
export const extensionPoints = [
  'preFilter',
  'filter',
  'postFilter',
  'prePredict',
  'predict',
  'preScore',
  'score',
  'preAssign',
  'assign',
  'reserve',
  'permit',
  'preBind',
  'bind',
  'postBind',
] as const;

/** One of {@link extensionPoints}. */
export type ExtensionPoint = (typeof extensionPoints)[number];

/** Makes a plugin from the `args` of its pluginConfig entry. */
export type PluginFactory = (args: unknown) => Plugin;

/**
 * The version of everything a plugin sees. It changes when a plugin written for the one before could do something
 * else than it did; what is only added changes nothing.
 */
export const pluginApiVersion = 'scheduler.clusternet.io/v1alpha1';

/** What an ES module exports that brings plugins. */
export interface PluginModule {
  /** What it was written for: {@link pluginApiVersion}. */
  readonly apiVersion: typeof pluginApiVersion;
  /** By the names that the configuration uses. */
  readonly plugins: Readonly<Record<string, PluginFactory>>;
}
