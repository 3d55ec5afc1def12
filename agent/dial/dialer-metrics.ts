import { Counter, Gauge, type Registry } from 'prom-client';

export interface DialerMetrics {
  readonly connected: Gauge;
  readonly attempts: Counter;
}

const connected = {
  name: 'clusternet_agent_tunnel_connected',
  help: '1 while the agent has a tunnel to its parent.',
};
const attempts = {
  name: 'clusternet_agent_tunnel_dials_total',
  help: 'Attempts to connect to the parent, by outcome.',
  labelNames: ['outcome'],
};

/** The dialer's figures in that registry; a dialer that starts anew goes on with the same ones. */
export function dialerMetrics(registry: Registry): DialerMetrics {
  const registers = [registry];
  return {
    connected:
      (registry.getSingleMetric(connected.name) as Gauge | undefined) ??
      new Gauge({ ...connected, registers }),
    attempts:
      (registry.getSingleMetric(attempts.name) as Counter | undefined) ??
      new Counter({ ...attempts, registers }),
  };
}
