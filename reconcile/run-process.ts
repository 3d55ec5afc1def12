import { CommanderError } from 'commander';
import type { ClusterAccess } from '../kube/cluster-access.ts';
import { defaultAccess } from '../kube/default-access.ts';
import { createLogger } from './logger.ts';
import { createRuntime, type Runtime } from './runtime.ts';

/** What every component's options hold. */
export interface ProcessOptions {
  /** Absent means: the Pod's own account, else KUBECONFIG. */
  readonly kubeconfig?: string | undefined;
  /** Which instance this is: the Pod's name. */
  readonly instance: string;
}

/** A component as a process: how it reads its flags and what it does. */
export interface ComponentProcess<Options extends ProcessOptions> {
  /** Name in logs, events and user agent, e.g. `clusternet-hub`. */
  readonly component: string;
  /** Throws a CommanderError, having told the user, when a flag is wrong or help was asked for. */
  readonly readOptions: (argv: string[], env: NodeJS.ProcessEnv) => Options;
  readonly run: (options: Options, runtime: Runtime, signal: AbortSignal) => Promise<void>;
}

const longestFlushMs = 2_000;

/** Runs a component until `signal` aborts or it fails, and leaves nothing behind; the number is the exit code of the process. */
export async function runProcess<Options extends ProcessOptions>(
  { component, readOptions, run }: ComponentProcess<Options>,
  argv: string[],
  signal: AbortSignal,
): Promise<number> {
  let options: Options;
  try {
    options = readOptions(argv, process.env);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    throw error;
  }
  const logger = createLogger(component);
  let access: ClusterAccess;
  try {
    access = await defaultAccess(options.kubeconfig);
  } catch (error) {
    logger.fatal({ err: error }, `${component} does not know how to reach its API server`);
    return 1;
  }
  const stop = new AbortController();
  const runtime = createRuntime({ access, component, instance: options.instance, logger });
  try {
    await run(options, runtime, AbortSignal.any([signal, stop.signal]));
    return 0;
  } catch (error) {
    if (signal.aborted) return 0;
    logger.fatal({ err: error }, `${component} cannot go on`);
    return 1;
  } finally {
    stop.abort();
    await flushEvents(runtime);
    await runtime.cache.stopped();
    await access.close();
  }
}

/** What was recorded last should still be told, but not at the price of hanging. */
async function flushEvents({ events, clock }: Runtime): Promise<void> {
  const patience = new Promise<void>(resolve => clock.after(longestFlushMs, resolve));
  await Promise.race([events.flush(), patience]);
}
