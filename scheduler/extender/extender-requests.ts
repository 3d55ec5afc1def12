import { Counter, type Registry } from 'prom-client';

/** Counts what extenders are asked; once per process. */
export function extenderRequests(registry: Registry): Counter<'extender' | 'verb' | 'result'> {
  return new Counter({
    name: 'clusternet_scheduler_extender_requests_total',
    help: 'Questions to extenders, by how they ended.',
    labelNames: ['extender', 'verb', 'result'],
    registers: [registry],
  });
}
