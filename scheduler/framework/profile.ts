import { ClusternetError } from '../../api/errors.ts';
import type { PluginSet, ProfileConfiguration } from '../configuration.ts';
import type { Extender } from '../extender/extender.ts';
import { type ExtenderVerb, extenderVerbs } from '../extender/extender-configuration.ts';
import { type ExtensionPoint, extensionPoints, type Plugin, type PluginFactory } from './plugin.ts';
import type { PluginStopwatch } from './plugin-stopwatch.ts';

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
  /** Programs elsewhere that are asked before plugins decide; their plugins run after all others. */
  readonly extenders: readonly Extender[];
  /** The plugins of a point, in the order they run. */
  at<Point extends ExtensionPoint>(point: Point): readonly PluginAt<Point>[];
  /** Asks the plugins of a point one after the other until one answers, and measures how long each takes. */
  firstAnswer<Point extends ExtensionPoint, Answer>(
    point: Point,
    ask: (plugin: PluginAt<Point>) => Answer | undefined,
  ): Answer | undefined;
  /** The same for plugins that take their time. */
  firstAnswerLater<Point extends ExtensionPoint, Answer>(
    point: Point,
    ask: (plugin: PluginAt<Point>) => Promise<Answer | undefined>,
  ): Promise<Answer | undefined>;
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

/** What all profiles of a scheduler share. */
export interface ProfileOptions {
  readonly percentageOfClustersToScore?: number | undefined;
  /** Measures the plugins; by default nobody does. */
  readonly stopwatch?: PluginStopwatch;
  readonly extenders?: readonly Extender[];
}

/** Puts a profile together; throws CN_SCHEDULER_CONFIG when it names what does not exist or cannot work. */
export function buildProfile(
  configuration: ProfileConfiguration,
  factories: ReadonlyMap<string, PluginFactory>,
  { percentageOfClustersToScore = 100, stopwatch, extenders = [] }: ProfileOptions = {},
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
    const theirs = extenders.filter(each => isVerb(point) && each.takesPartIn(point));
    if (point === 'score') for (const each of theirs) weights.set(each.plugin, each.weight);
    points.set(point, [...list, ...theirs.map(({ plugin }) => plugin)]);
  }
  if (points.get('bind')?.length === 0) {
    throw invalid(`plugins.bind of profile ${schedulerName}: at least one plugin is needed`);
  }
  return new PluginProfile({
    schedulerName,
    percentageOfClustersToScore,
    points,
    weights,
    stopwatch,
    extenders,
  });
}

interface ProfileParts {
  readonly schedulerName: string;
  readonly percentageOfClustersToScore: number;
  readonly points: ReadonlyMap<ExtensionPoint, readonly Plugin[]>;
  readonly weights: ReadonlyMap<Plugin, number>;
  readonly stopwatch: PluginStopwatch | undefined;
  readonly extenders: readonly Extender[];
}

class PluginProfile implements Profile {
  readonly schedulerName: string;
  readonly percentageOfClustersToScore: number;
  readonly extenders: readonly Extender[];
  readonly #parts: ProfileParts;

  constructor(parts: ProfileParts) {
    this.schedulerName = parts.schedulerName;
    this.percentageOfClustersToScore = parts.percentageOfClustersToScore;
    this.extenders = parts.extenders;
    this.#parts = parts;
  }

  at<Point extends ExtensionPoint>(point: Point): readonly PluginAt<Point>[] {
    return (this.#parts.points.get(point) ?? []) as readonly PluginAt<Point>[];
  }

  firstAnswer<Point extends ExtensionPoint, Answer>(
    point: Point,
    ask: (plugin: PluginAt<Point>) => Answer | undefined,
  ): Answer | undefined {
    const plugins = this.at(point);
    if (plugins.length === 0) return undefined;
    const lap = this.#parts.stopwatch?.start(point, this.schedulerName);
    let answer: Answer | undefined;
    let whole = false;
    try {
      for (const plugin of plugins) {
        answer = ask(plugin);
        lap?.plugin(plugin.name, answer);
        if (answer !== undefined) break;
      }
      whole = true;
    } finally {
      lap?.end(answer, whole);
    }
    return answer;
  }

  async firstAnswerLater<Point extends ExtensionPoint, Answer>(
    point: Point,
    ask: (plugin: PluginAt<Point>) => Promise<Answer | undefined>,
  ): Promise<Answer | undefined> {
    const plugins = this.at(point);
    if (plugins.length === 0) return undefined;
    const lap = this.#parts.stopwatch?.start(point, this.schedulerName);
    let answer: Answer | undefined;
    let whole = false;
    try {
      for (const plugin of plugins) {
        answer = await ask(plugin);
        lap?.plugin(plugin.name, answer);
        if (answer !== undefined) break;
      }
      whole = true;
    } finally {
      lap?.end(answer, whole);
    }
    return answer;
  }

  weightOf(plugin: Plugin): number {
    return this.#parts.weights.get(plugin) ?? 1;
  }
}

function isVerb(point: ExtensionPoint): point is ExtenderVerb {
  return (extenderVerbs as readonly string[]).includes(point);
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
    return this.#made.getOrInsertComputed(name, () => {
      const plugin = make(name, factory, this.#args.get(name), where);
      const problem = pluginProblem(plugin);
      if (problem === undefined) return plugin;
      throw invalid(`${where}: plugin ${name} ${problem}`);
    });
  }

  #factory(name: string, where: string): PluginFactory {
    const factory = this.#factories.get(name);
    if (factory) return factory;
    const known = [...this.#factories.keys()].sort().join(', ');
    throw invalid(`${where}: there is no plugin "${name}"; there are ${known}`);
  }
}

/** What a factory refuses, most likely its args, is told with the place of the plugin. */
function make(name: string, factory: PluginFactory, args: unknown, where: string): Plugin {
  try {
    return factory(args);
  } catch (error) {
    if (error instanceof ClusternetError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw invalid(`${where}: plugin ${name} cannot be made: ${why}`, error);
  }
}

/** Plugins of others may be plain JavaScript: a misspelt method would silently never be called. */
function pluginProblem(plugin: unknown): string | undefined {
  if (typeof plugin !== 'object' || plugin === null) return 'is not an object';
  const { name, ...methods } = plugin as { name?: unknown };
  if (typeof name !== 'string' || name === '') return 'has no name';
  // A class may have fields of its own.
  if (Object.getPrototypeOf(plugin) !== Object.prototype) return undefined;
  const points: readonly string[] = [...extensionPoints, 'unreserve'];
  const odd = Object.keys(methods).find(key => !points.includes(key));
  if (odd !== undefined) return `has "${odd}", which is no extension point: ${points.join(', ')}`;
  const wrong = Object.entries(methods).find(([, method]) => typeof method !== 'function');
  return wrong && `has "${wrong[0]}", which is not a function`;
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

function invalid(message: string, cause?: unknown): ClusternetError {
  return new ClusternetError('CN_SCHEDULER_CONFIG', message, { cause });
}
