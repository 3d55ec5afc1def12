import { ClusternetError } from '../../api/errors.ts';
import type { PluginSet, ProfileConfiguration } from '../configuration.ts';
import {
  type ExtensionPoint,
  extensionPoints,
  type Plugin,
  type PluginFactory,
  type Refusal,
} from './plugin.ts';

/** A plugin at one point, with the weight of its score. */
interface Enabled {
  readonly name: string;
  readonly weight?: number | undefined;
}

/** A plugin that surely has the method of the point it was enabled at. */
export type PluginAt<Point extends ExtensionPoint> = Plugin & Required<Pick<Plugin, Point>>;

/** The plugins that place the Subscriptions of one schedulerName. */
export interface Profile {
  readonly schedulerName: string;
  /** Of the clusters that match, how many are enough for dynamic dividing; 0 adapts to their number. */
  readonly percentageOfClustersToScore: number;
  /** The plugins of a point, in the order they run. */
  at<Point extends ExtensionPoint>(point: Point): readonly PluginAt<Point>[];
  /** The first refusal of the plugins of a point. */
  firstRefusal<Point extends ExtensionPoint>(
    point: Point,
    ask: (plugin: PluginAt<Point>) => Refusal | undefined,
  ): Refusal | undefined;
  /** The weight of a plugin's score. */
  weightOf(plugin: Plugin): number;
}

/** What runs when a profile says nothing. */
export const defaultPlugins: Partial<Record<ExtensionPoint, readonly Enabled[]>> = {
  preFilter: [{ name: 'ClusterAffinity' }],
  filter: [{ name: 'TaintToleration' }, { name: 'Readiness' }],
  predict: [{ name: 'Predictor' }],
  score: [
    { name: 'TaintToleration', weight: 3 },
    { name: 'PreferredClusters', weight: 2 },
  ],
  preAssign: [
    { name: 'Predictor' },
    { name: 'StaticAssigner' },
    { name: 'ClusterCount' },
    { name: 'PreferredClusters' },
    { name: 'TopologySpread' },
  ],
  assign: [{ name: 'StaticAssigner' }, { name: 'DynamicAssigner' }],
  reserve: [{ name: 'Predictor' }],
  bind: [{ name: 'DefaultBinder' }],
};

/** Without it every cluster would match: it stays even where all default plugins are disabled. */
const indispensable = 'ClusterAffinity';

/** Puts a profile together; throws CN_SCHEDULER_CONFIG when it names what does not exist or cannot work. */
export function buildProfile(
  configuration: ProfileConfiguration,
  factories: ReadonlyMap<string, PluginFactory>,
  percentageOfClustersToScore = 100,
): Profile {
  const { schedulerName, plugins = {} } = configuration;
  const shelf = new PluginShelf(configuration, factories);
  const points = new Map<ExtensionPoint, readonly Plugin[]>();
  const weights = new Map<Plugin, number>();
  for (const point of extensionPoints) {
    const where = `plugins.${point} of profile ${schedulerName}`;
    const enabled = merge(defaultPlugins[point] ?? [], plugins[point] ?? {}, where);
    const list = enabled.map(({ name, weight = 1 }) => {
      const plugin = shelf.get(name, where);
      if (!plugin[point]) throw invalid(`${where}: plugin ${name} does not take part there`);
      if (point === 'score') weights.set(plugin, weight);
      return plugin;
    });
    points.set(point, list);
  }
  if (points.get('bind')?.length === 0) {
    throw invalid(`plugins.bind of profile ${schedulerName}: at least one plugin is needed`);
  }
  return new PluginProfile(schedulerName, percentageOfClustersToScore, points, weights);
}

class PluginProfile implements Profile {
  readonly schedulerName: string;
  readonly percentageOfClustersToScore: number;
  readonly #points: ReadonlyMap<ExtensionPoint, readonly Plugin[]>;
  readonly #weights: ReadonlyMap<Plugin, number>;

  constructor(
    schedulerName: string,
    percentageOfClustersToScore: number,
    points: ReadonlyMap<ExtensionPoint, readonly Plugin[]>,
    weights: ReadonlyMap<Plugin, number>,
  ) {
    this.schedulerName = schedulerName;
    this.percentageOfClustersToScore = percentageOfClustersToScore;
    this.#points = points;
    this.#weights = weights;
  }

  at<Point extends ExtensionPoint>(point: Point): readonly PluginAt<Point>[] {
    return (this.#points.get(point) ?? []) as readonly PluginAt<Point>[];
  }

  firstRefusal<Point extends ExtensionPoint>(
    point: Point,
    ask: (plugin: PluginAt<Point>) => Refusal | undefined,
  ): Refusal | undefined {
    for (const plugin of this.at(point)) {
      const refusal = ask(plugin);
      if (refusal) return refusal;
    }
    return undefined;
  }

  weightOf(plugin: Plugin): number {
    return this.#weights.get(plugin) ?? 1;
  }
}

/** Makes each plugin of a profile once, with its own arguments. */
class PluginShelf {
  readonly #args: ReadonlyMap<string, unknown>;
  readonly #factories: ReadonlyMap<string, PluginFactory>;
  readonly #made = new Map<string, Plugin>();

  constructor(
    { schedulerName, pluginConfig = [] }: ProfileConfiguration,
    factories: ReadonlyMap<string, PluginFactory>,
  ) {
    this.#factories = factories;
    this.#args = new Map(pluginConfig.map(({ name, args }) => [name, args]));
    for (const name of this.#args.keys()) {
      this.#factory(name, `pluginConfig of profile ${schedulerName}`);
    }
  }

  get(name: string, where: string): Plugin {
    const factory = this.#factory(name, where);
    return this.#made.getOrInsertComputed(name, () => factory(this.#args.get(name)));
  }

  #factory(name: string, where: string): PluginFactory {
    const factory = this.#factories.get(name);
    if (factory) return factory;
    const known = [...this.#factories.keys()].sort().join(', ');
    throw invalid(`${where}: there is no plugin "${name}"; there are ${known}`);
  }
}

function merge(defaults: readonly Enabled[], set: PluginSet, where: string): readonly Enabled[] {
  const disabled = new Set(set.disabled?.map(({ name }) => name));
  if (disabled.has(indispensable)) {
    throw invalid(`${where}.disabled: ${indispensable} cannot be disabled`);
  }
  const added = new Map((set.enabled ?? []).map(each => [each.name, each]));
  const kept = defaults
    .filter(({ name }) => name === indispensable || !(disabled.has('*') || disabled.has(name)))
    .map(each => added.get(each.name) ?? each);
  const names = new Set(kept.map(({ name }) => name));
  return [...kept, ...[...added.values()].filter(({ name }) => !names.has(name))];
}

function invalid(message: string): ClusternetError {
  return new ClusternetError('CN_SCHEDULER_CONFIG', message);
}
