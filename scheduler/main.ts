import { readFile } from 'node:fs/promises';
import { CommanderError } from 'commander';
import { defaultAccess } from '../kube/default-access.ts';
import { sleep } from '../kube/sleep.ts';
import { runController } from '../reconcile/controller.ts';
import { startHealthServer } from '../reconcile/health-server.ts';
import { runAsLeader } from '../reconcile/leader-election.ts';
import { createRuntime, type Runtime } from '../reconcile/runtime.ts';
import { defaultConfiguration, readConfiguration } from './configuration.ts';
import { buildProfile, type Profile } from './framework/profile.ts';
import { readOptions, type SchedulerOptions } from './options.ts';
import { foreignPlugins, ownPlugins } from './plugin-factories.ts';
import { Scheduler } from './scheduler.ts';
import { schedulingController } from './scheduling-controller.ts';

/** Runs the scheduler until `signal` aborts; the number is the exit code of the process. */
export async function run(argv: string[], signal: AbortSignal): Promise<number> {
  let options: SchedulerOptions;
  try {
    options = readOptions(argv, process.env);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    throw error;
  }
  const { kubeconfig, instance } = options;
  const access = await defaultAccess(kubeconfig);
  const runtime = createRuntime({ access, component: 'clusternet-scheduler', instance });
  const stop = new AbortController();
  try {
    await schedule(options, runtime, AbortSignal.any([signal, stop.signal]));
    return 0;
  } catch (error) {
    if (signal.aborted) return 0;
    runtime.logger.fatal({ err: error }, 'the scheduler cannot go on');
    return 1;
  } finally {
    stop.abort();
    await Promise.race([runtime.events.flush(), sleep(2000)]);
    await runtime.cache.stopped();
    await access.close();
  }
}

async function schedule(
  options: SchedulerOptions,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<void> {
  const scheduler = new Scheduler(runtime, await profilesOf(options, runtime));
  const controller = schedulingController(scheduler);
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
    if (!leaderElection) return await runController(controller, runtime, signal);
    const lead = (term: AbortSignal) => runController(controller, runtime, term);
    await runAsLeader({ ...runtime, ...leaderElection }, term => lead(term.signal), signal);
  } finally {
    await health.close();
  }
}

async function profilesOf(options: SchedulerOptions, runtime: Runtime): Promise<Profile[]> {
  const { config } = options;
  const configuration = config
    ? readConfiguration(await readFile(config, 'utf8'))
    : defaultConfiguration;
  const factories = new Map([
    ...ownPlugins(runtime.client),
    ...(await foreignPlugins(configuration.pluginModules ?? [])),
  ]);
  return configuration.profiles.map(profile => buildProfile(profile, factories));
}
