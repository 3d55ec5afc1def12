import { Histogram, type Registry } from 'prom-client';
import type { ExtensionPoint } from './plugin.ts';

/** The time of one run through the plugins of a point. */
export interface Lap {
  /** A plugin has answered; its time is what passed since the one before it. */
  plugin(name: string, answer: unknown): void;
  /** The run is over, by an answer or, when it is not whole, because the plugin that was asked last threw. */
  end(answer: unknown, whole: boolean): void;
}

/** Measures how long extension points and plugins take, under upstream's names. */
export interface PluginStopwatch {
  start(point: ExtensionPoint, profile: string): Lap;
}

const buckets = [0.00001, 0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5];

/** A stopwatch that reports to the registry; once per process. */
export function pluginStopwatch(registry: Registry): PluginStopwatch {
  const registers = [registry];
  const points = new Histogram({
    name: 'clusternet_scheduler_framework_extension_point_duration_seconds',
    help: 'How long all plugins of an extension point took together.',
    labelNames: ['extension_point', 'status', 'profile'] as const,
    buckets,
    registers,
  });
  const plugins = new Histogram({
    name: 'clusternet_scheduler_plugin_execution_duration_seconds',
    help: 'How long one plugin took at an extension point, for all clusters together.',
    labelNames: ['plugin', 'extension_point', 'status'] as const,
    buckets,
    registers,
  });
  const waits = new Histogram({
    name: 'clusternet_scheduler_permit_wait_duration_seconds',
    help: 'How long placements waited for the plugins that permit them.',
    labelNames: ['result'] as const,
    buckets,
    registers,
  });
  return {
    start: (point, profile) => {
      const extension_point = point.charAt(0).toUpperCase() + point.slice(1);
      const begun = performance.now();
      let last = begun;
      return {
        plugin: (plugin, answer) => {
          const now = performance.now();
          const labels = { plugin, extension_point, status: statusOf(answer) };
          plugins.observe(labels, (now - last) / 1000);
          last = now;
        },
        end: (answer, whole) => {
          const status = whole ? statusOf(answer) : 'Error';
          const seconds = (performance.now() - begun) / 1000;
          points.observe({ extension_point, status, profile }, seconds);
          if (point === 'permit') waits.observe({ result: status }, seconds);
        },
      };
    },
  };
}

/** Upstream's words. A refusal has a reason. */
function statusOf(answer: unknown): string {
  const refused = typeof answer === 'object' && answer !== null && 'reason' in answer;
  return refused ? 'Unschedulable' : 'Success';
}
