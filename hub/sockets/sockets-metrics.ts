import { Gauge, Histogram, type Registry } from 'prom-client';

export interface SocketsMetrics {
  tunnelEnded(livedMs: number): void;
}

/** The figures of upstream's hub, by its names. */
export function socketsMetrics(registry: Registry, openTunnels: () => number): SocketsMetrics {
  new Gauge({
    name: 'clusternet_socket_connections_count',
    help: 'Tunnels that are open on this replica.',
    registers: [registry],
    collect() {
      this.set(openTunnels());
    },
  });
  const durations = new Histogram({
    name: 'clusternet_socket_connections_duration_seconds',
    help: 'How long tunnels that ended had lived.',
    buckets: Array.from({ length: 8 }, (_, power) => 60 * 4 ** power),
    registers: [registry],
  });
  return { tunnelEnded: livedMs => durations.observe(livedMs / 1000) };
}
