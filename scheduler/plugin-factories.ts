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
