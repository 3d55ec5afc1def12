import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** How a reconcile ended. */
export type Outcome = 'success' | 'requeue_after' | 'error' | 'terminal_error';

/** What controllers report, under controller-runtime's names. */
export interface ControllerMetrics {
  readonly total: Counter<'controller' | 'result'>;
  readonly seconds: Histogram<'controller'>;
  readonly active: Gauge<'controller'>;
}

const known = new WeakMap<Registry, ControllerMetrics>();

/** The controller metrics of one process; made once per registry. */
export function controllerMetrics(registry: Registry): ControllerMetrics {
  const made = known.get(registry) ?? create(registry);
  known.set(registry, made);
  return made;
}

function create(registry: Registry): ControllerMetrics {
  const registers = [registry];
  return {
    total: new Counter({
      name: 'controller_runtime_reconcile_total',
      help: 'Reconciles by how they ended.',
      labelNames: ['controller', 'result'],
      registers,
    }),
    seconds: new Histogram({
      name: 'controller_runtime_reconcile_time_seconds',
      help: 'How long a reconcile took.',
      labelNames: ['controller'],
      buckets: [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60],
      registers,
    }),
    active: new Gauge({
      name: 'controller_runtime_active_workers',
      help: 'Reconciles under way.',
      labelNames: ['controller'],
      registers,
    }),
  };
}
