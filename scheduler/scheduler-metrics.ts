import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** What the scheduler reports, under upstream's names. */
export interface SchedulerMetrics {
  readonly attempts: Counter<'result' | 'profile'>;
  readonly algorithm: Histogram<'profile'>;
  readonly endToEnd: Histogram<'result' | 'profile'>;
  /** By what became of them: started, completed, cancelled. */
  readonly evictions: Counter<'result'>;
  /** 1 while so many clusters are not ready that nothing is evicted. */
  readonly largeOutage: Gauge;
  readonly underWay: Gauge<'work'>;
}

/** Registers the metrics; once per process. */
export function schedulerMetrics(
  registry: Registry,
  isLargeOutage: () => boolean,
): SchedulerMetrics {
  const buckets = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5];
  const registers = [registry];
  return {
    attempts: new Counter({
      name: 'clusternet_scheduler_schedule_attempts_total',
      help: 'Attempts to place a Subscription, by how they ended.',
      labelNames: ['result', 'profile'],
      registers,
    }),
    algorithm: new Histogram({
      name: 'clusternet_scheduler_scheduling_algorithm_duration_seconds',
      help: 'How long deciding took.',
      labelNames: ['profile'],
      buckets,
      registers,
    }),
    endToEnd: new Histogram({
      name: 'clusternet_scheduler_e2e_scheduling_duration_seconds',
      help: 'How long deciding and writing the decision took.',
      labelNames: ['result', 'profile'],
      buckets,
      registers,
    }),
    evictions: new Counter({
      name: 'clusternet_scheduler_evictions_total',
      help: 'Evictions of Subscriptions from clusters, by what became of them.',
      labelNames: ['result'],
      registers,
    }),
    largeOutage: new Gauge({
      name: 'clusternet_scheduler_large_outage',
      help: '1 while so many clusters are not ready that nothing is evicted.',
      registers,
      collect() {
        this.set(isLargeOutage() ? 1 : 0);
      },
    }),
    underWay: new Gauge({
      name: 'clusternet_scheduler_scheduler_goroutines',
      help: 'Subscriptions under way: what upstream has a goroutine for.',
      labelNames: ['work'],
      registers,
    }),
  };
}
