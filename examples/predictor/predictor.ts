import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createPlainServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { parseArgs } from 'node:util';

/** What a predictor of your own has to speak, with fixed numbers for answers. */
export interface PredictorOptions {
  readonly address: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** The answer for clusters that `clusters` does not name. */
  readonly replicas: number;
  /** Answers by cluster id: a central predictor serves many clusters. */
  readonly clusters?: Readonly<Record<string, number>>;
  /** PEM; without it plain HTTP is spoken. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  /** Who does not bring this bearer token is refused. */
  readonly token?: string | undefined;
}

export interface RunningPredictor {
  /** What to give to --predictor-addr. */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves `POST /replicas/predict`. */
export async function startPredictor(options: PredictorOptions): Promise<RunningPredictor> {
  const { address, port, tls } = options;
  const listener = answering(options);
  const server = tls ? createSecureServer(tls, listener) : createPlainServer(listener);
  server.listen(port, address);
  await once(server, 'listening');
  const listening = (server.address() as AddressInfo).port;
  return {
    url: `${tls ? 'https' : 'http'}://${address}:${listening}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function answering({ replicas, clusters = {}, token }: PredictorOptions): RequestListener {
  return async (request, response) => {
    const refuse = (status: number, why: string) => response.writeHead(status).end(why);
    if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) {
      return refuse(401, 'the bearer token is missing or wrong');
    }
    if (request.method !== 'POST' || request.url !== '/replicas/predict') {
      return refuse(404, 'ask POST /replicas/predict');
    }
    try {
      // nodeSelector, tolerations, affinity and resources of one replica: a real predictor looks at them.
      await json(request);
    } catch {
      return refuse(400, 'the body is not JSON');
    }
    const count = clusters[String(request.headers['cluster-id'])] ?? replicas;
    response.writeHead(200, { 'content-type': 'application/json' });
    return response.end(JSON.stringify({ replicas: { default: count } }));
  };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      address: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '8080' },
      replicas: { type: 'string', default: '0' },
      cluster: { type: 'string', multiple: true, default: [] },
      'tls-cert-file': { type: 'string' },
      'tls-private-key-file': { type: 'string' },
      'token-file': { type: 'string' },
    },
  });
  const { 'tls-cert-file': cert, 'tls-private-key-file': key, 'token-file': token } = values;
  const pairs = values.cluster.map(pair => pair.split('='));
  const { url } = await startPredictor({
    address: values.address,
    port: Number(values.port),
    replicas: Number(values.replicas),
    clusters: Object.fromEntries(pairs.map(([id, count]) => [id, Number(count)])),
    tls:
      cert && key
        ? { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
        : undefined,
    token: token && readFileSync(token, 'utf8').trim(),
  });
  process.stdout.write(`${url}\n`);
}
