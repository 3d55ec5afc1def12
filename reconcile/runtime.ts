import { collectDefaultMetrics, Registry } from 'prom-client';
import { KubeClient } from '../kube/client.ts';
import type { ClusterAccess } from '../kube/cluster-access.ts';
import { Cache } from './cache.ts';
import { type Clock, systemClock } from './clock.ts';
import { EventRecorder } from './event-recorder.ts';
import { createLogger, type Logger } from './logger.ts';

/** What every controller of one process shares, for one API server. */
export interface Runtime {
  readonly client: KubeClient;
  readonly cache: Cache;
  readonly logger: Logger;
  readonly events: EventRecorder;
  readonly metrics: Registry;
  readonly clock: Clock;
}

/** Options of {@link createRuntime}. */
export interface RuntimeOptions {
  readonly access: ClusterAccess;
  /** Name in logs, events, user agent and field managers, e.g. `clusternet-hub`. */
  readonly component: string;
  /** Which instance of the component this is: the Pod's name. */
  readonly instance: string;
  /** The process's registry, when it has one already. */
  readonly metrics?: Registry;
  readonly logger?: Logger;
  readonly clock?: Clock;
}

/** Puts a runtime together; nothing runs until `cache.start` is called. */
export function createRuntime(options: RuntimeOptions): Runtime {
  const { component, instance, clock = systemClock } = options;
  const client = new KubeClient(options.access, { userAgent: component });
  const logger = options.logger ?? createLogger(component);
  const cache = new Cache(client, { logger });
  const events = new EventRecorder(client, component, instance, { clock, logger });
  const metrics = options.metrics ?? createRegistry();
  return { client, cache, logger, events, metrics, clock };
}

/** The registry of a process, with Node's own figures (event loop lag among them) in it. */
export function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}
