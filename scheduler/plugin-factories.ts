import { pathToFileURL } from 'node:url';
import { ClusternetError } from '../api/errors.ts';
import type { Runtime } from '../reconcile/runtime.ts';
import type { PluginFactory } from './framework/plugin.ts';
import { clusterAffinity } from './plugins/cluster-affinity.ts';
import { clusterCount } from './plugins/cluster-count.ts';
import { defaultBinder } from './plugins/default-binder.ts';
import { dynamicAssigner } from './plugins/dynamic-assigner.ts';
import { predictor } from './plugins/predictor.ts';
import { preferredClusters } from './plugins/preferred-clusters.ts';
import { readiness } from './plugins/readiness.ts';
import { staticAssigner } from './plugins/static-assigner.ts';
import { taintToleration } from './plugins/taint-toleration.ts';
import { topologySpread } from './plugins/topology-spread.ts';
import { AssumedReplicas } from './predict/assumed-replicas.ts';
import { predictionsFor } from './predict/predictions-for.ts';
import { predictorMetrics } from './predict/predictor-metrics.ts';
import type { Tolerance } from './predict/too-many-unknown.ts';

/** The plugins that are part of the scheduler, by name; once per process. */
export function ownPlugins(
  runtime: Pick<Runtime, 'client' | 'clock' | 'metrics'>,
  tolerance: Tolerance,
): ReadonlyMap<string, PluginFactory> {
  const shared = {
    metrics: predictorMetrics(runtime.metrics),
    assumed: new AssumedReplicas(runtime.clock),
  };
  return new Map<string, PluginFactory>([
    ['ClusterAffinity', clusterAffinity],
    ['ClusterCount', clusterCount],
    ['DefaultBinder', () => defaultBinder(runtime.client)],
    ['DynamicAssigner', dynamicAssigner],
    ['Predictor', args => predictor(predictionsFor(args, runtime, shared), tolerance)],
    ['PreferredClusters', preferredClusters],
    ['Readiness', readiness],
    ['StaticAssigner', staticAssigner],
    ['TaintToleration', taintToleration],
    ['TopologySpread', topologySpread],
  ]);
}

/**
 * The plugins of ES modules named in the configuration. A module exports `plugins`: an object of factories by
 * plugin name, each called with the args of its pluginConfig entry.
 */
export async function foreignPlugins(
  paths: readonly string[],
): Promise<ReadonlyMap<string, PluginFactory>> {
  const modules = await Promise.all(paths.map(load));
  return new Map(modules.flatMap(plugins => Object.entries(plugins)));
}

async function load(path: string, index: number): Promise<Readonly<Record<string, PluginFactory>>> {
  try {
    const module: unknown = await import(pathToFileURL(path).href);
    const plugins = (module as { plugins?: unknown }).plugins;
    if (isFactories(plugins)) return plugins;
    throw new Error('it exports no object "plugins" of functions');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const message = `pluginModules[${index}]: cannot use ${path}: ${why}`;
    throw new ClusternetError('CN_SCHEDULER_CONFIG', message, { cause: error });
  }
}

function isFactories(value: unknown): value is Readonly<Record<string, PluginFactory>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every(factory => typeof factory === 'function')
  );
}
