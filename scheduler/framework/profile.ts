import { ClusternetError } from '../../api/errors.ts';
import type { PluginSet, ProfileConfiguration } from '../configuration.ts';
import {
  type ExtensionPoint,
  extensionPoints,
  type Plugin,
  type PluginFactory,
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
  /** The plugins of a point, in the order they run. */
  at<Point extends ExtensionPoint>(point: Point): readonly PluginAt<Point>[];
  /** The weight of a plugin's score. */
  weightOf(plugin: Plugin): number;
}

/** What runs when a profile says nothing. */
export const defaultPlugins: Partial<Record<ExtensionPoint, readonly Enabled[]>> = {
  preFilter: [{ name: 'ClusterAffinity' }],
  filter: [{ name: 'ClusterAffinity' }, { name: 'TaintToleration' }, { name: 'Readiness' }],
  score: [{ name: 'TaintToleration', weight: 3 }],
  bind: [{ name: 'DefaultBinder' }],
};

/** Without it every cluster would match: it stays even where all default plugins are disabled. */
const indispensable = 'ClusterAffinity';

/** Puts a profile together; throws CN_SCHEDULER_CONFIG when it names what does not exist or cannot work. */
export function buildProfile(
  configuration: ProfileConfiguration,
  factories: ReadonlyMap<string, PluginFactory>,
): Profile {
  const { schedulerName, pluginConfig = [], plugins = {} } = configuration;
  const made = new Map<string, Plugin>();
  for (const { name } of pluginConfig) requireFactory(name, `pluginConfig of ${schedulerName}`);
  const points = new Map<ExtensionPoint, readonly Plugin[]>();
  const weights = new Map<Plugin, number>();
  for (const point of extensionPoints) {
    const where = `plugins.${point} of profile ${schedulerName}`;
    const enabled = merge(defaultPlugins[point] ?? [], plugins[point] ?? {}, where);
    const list = enabled.map(({ name, weight = 1 }) => {
      const plugin = made.getOrInsertComputed(name, () => make(name, where));
      if (!plugin[point]) throw invalid(`${where}: plugin ${name} does not take part there`);
      if (point === 'score') weights.set(plugin, weight);
      return plugin;
    });
    points.set(point, list);
  }
  if (points.get('bind')?.length === 0) {
    throw invalid(`plugins.bind of profile ${schedulerName}: at least one plugin is needed`);
  }
  return {
    schedulerName,
    at: <Point extends ExtensionPoint>(point: Point) =>
      (points.get(point) ?? []) as readonly PluginAt<Point>[],
    weightOf: plugin => weights.get(plugin) ?? 1,
  };

  function make(name: string, where: string): Plugin {
    const args = pluginConfig.find(each => each.name === name)?.args;
    return requireFactory(name, where)(args);
  }

  function requireFactory(name: string, where: string): PluginFactory {
    const factory = factories.get(name);
    if (factory) return factory;
    const known = [...factories.keys()].sort().join(', ');
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
