import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

/** Where to listen, and what to answer. */
export interface HealthServerOptions {
  readonly address: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** What is wrong with the process, one sentence each: it should be restarted. */
  readonly live: () => readonly string[];
  /** What is still missing, one sentence each: it should get no traffic yet. */
  readonly ready: () => readonly string[];
  readonly metrics: Registry;
}

/** A running health server. */
export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves /healthz, /livez, /readyz (200 `ok`, or 503 and what is wrong) and /metrics. */
export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    answer(path, response, options).catch((error: unknown) => {
      send(response, 500, `${String(error)}\n`);
    });
  });
  server.listen(options.port, options.address);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function answer(
  path: string,
  response: ServerResponse,
  { live, ready, metrics }: HealthServerOptions,
): Promise<void> {
  switch (path) {
    case '/healthz':
    case '/livez':
      return verdict(response, live());
    case '/readyz':
      return verdict(response, [...live(), ...ready()]);
    case '/metrics':
      return send(response, 200, await metrics.metrics(), metrics.contentType);
    default:
      return send(response, 404, 'not found\n');
  }
}

function verdict(response: ServerResponse, problems: readonly string[]): void {
  if (problems.length === 0) send(response, 200, 'ok\n');
  else send(response, 503, problems.map(problem => `${problem}\n`).join(''));
}

function send(response: ServerResponse, code: number, body: string, type = 'text/plain'): void {
  response.writeHead(code, { 'content-type': type });
  response.end(body);
}
