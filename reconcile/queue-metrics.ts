import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** What a queue reports, under client-go's names so that existing dashboards work. */
export interface QueueMetrics {
  readonly depth: Gauge<'name'>;
  readonly adds: Counter<'name'>;
  readonly retries: Counter<'name'>;
  readonly waited: Histogram<'name'>;
  readonly worked: Histogram<'name'>;
}

const known = new WeakMap<Registry, QueueMetrics>();
const buckets = [1e-4, 1e-3, 1e-2, 0.1, 0.5, 1, 5, 10, 60, 300];

/** The queue metrics of one process; made once per registry. */
export function queueMetrics(registry: Registry): QueueMetrics {
  const made = known.get(registry) ?? create(registry);
  known.set(registry, made);
  return made;
}

function create(registry: Registry): QueueMetrics {
  const shared = { labelNames: ['name'] as const, registers: [registry] };
  return {
    depth: new Gauge({ ...shared, name: 'workqueue_depth', help: 'Keys waiting to be worked on.' }),
    adds: new Counter({
      ...shared,
      name: 'workqueue_adds_total',
      help: 'Keys that were put in the queue.',
    }),
    retries: new Counter({
      ...shared,
      name: 'workqueue_retries_total',
      help: 'Keys put back after a failure.',
    }),
    waited: new Histogram({
      ...shared,
      buckets,
      name: 'workqueue_queue_duration_seconds',
      help: 'How long a key waited before it was worked on.',
    }),
    worked: new Histogram({
      ...shared,
      buckets,
      name: 'workqueue_work_duration_seconds',
      help: 'How long work on a key took.',
    }),
  };
}
