import { readFile } from 'node:fs/promises';
import { runController } from '../reconcile/controller.ts';
import { startHealthServer } from '../reconcile/health-server.ts';
import { runAsLeader } from '../reconcile/leader-election.ts';
import { runProcess } from '../reconcile/run-process.ts';
import type { Runtime } from '../reconcile/runtime.ts';
import { defaultConfiguration, readConfiguration } from './configuration.ts';
import { explainingController } from './explain/explaining-controller.ts';
import { Extender } from './extender/extender.ts';
import { extenderRequests } from './extender/extender-requests.ts';
import { type FailoverSettings, failoverSettings } from './failover/failover-configuration.ts';
import { settleGates } from './feature-gates.ts';
import { pluginStopwatch } from './framework/plugin-stopwatch.ts';
import { buildProfile, type Profile } from './framework/profile.ts';
import { readOptions, type SchedulerOptions } from './options.ts';
import { ownPlugins } from './plugin-factories.ts';
import { loadPluginModules } from './plugin-modules.ts';
import { Scheduler } from './scheduler.ts';
import { schedulingController } from './scheduling-controller.ts';

/** Runs the scheduler until `signal` aborts; the number is the exit code of the process. */
export function run(argv: string[], signal: AbortSignal): Promise<number> {
  return runProcess(
    { component: 'clusternet-scheduler', readOptions, run: schedule },
    argv,
    signal,
  );
}

async function schedule(
  options: SchedulerOptions,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<void> {
  const { profiles, failover } = await settle(options, runtime);
  const scheduler = new Scheduler(runtime, profiles, failover);
  const controllers = [schedulingController(scheduler), explainingController(scheduler, runtime)];
  runtime.cache.start(signal);
  const health = await startHealthServer({
    address: options.bindAddress,
    port: options.port,
    live: () => [],
    ready: () => (runtime.cache.isSynced() ? [] : ['not every watch has its first list yet']),
    metrics: runtime.metrics,
  });
  runtime.logger.info({ port: health.port }, 'serving health and metrics');
  const { leaderElection } = options;
  try {
    const lead = async (term: AbortSignal) => {
      await Promise.all(controllers.map(each => runController(each, runtime, term)));
    };
    if (!leaderElection) return await lead(signal);
    await runAsLeader({ ...runtime, ...leaderElection }, term => lead(term.signal), signal);
  } finally {
    await health.close();
  }
}

interface Settled {
  readonly profiles: readonly Profile[];
  /** With gate FailOver. */
  readonly failover?: FailoverSettings;
}

async function settle(options: SchedulerOptions, runtime: Runtime): Promise<Settled> {
  const { config } = options;
  const configuration = config
    ? readConfiguration(await readFile(config, 'utf8'))
    : defaultConfiguration;
  const { percentageOfClustersToScore, percentageOfClustersToTolerate = 10 } = configuration;
  const { gates, withoutEffect } = settleGates({
    ...configuration.featureGates,
    ...options.featureGates,
  });
  if (withoutEffect.length > 0) {
    runtime.logger.warn({ gates: withoutEffect }, 'these gates belong to other components');
  }
  const tolerance = gates.FeasibleClustersToleration ? percentageOfClustersToTolerate : undefined;
  const own = ownPlugins(runtime, tolerance);
  const foreign = await loadPluginModules(configuration.pluginModules ?? [], [...own.keys()]);
  const factories = new Map([...own, ...foreign]);
  const requests = extenderRequests(runtime.metrics);
  const shared = {
    percentageOfClustersToScore,
    stopwatch: pluginStopwatch(runtime.metrics),
    extenders: (configuration.extenders ?? []).map(
      each => new Extender(each, { logger: runtime.logger, requests }),
    ),
  };
  return {
    profiles: configuration.profiles.map(profile => buildProfile(profile, factories, shared)),
    ...(gates.FailOver && { failover: failoverSettings(configuration.failover) }),
  };
}
