import { once } from 'node:events';
import { open } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { sleep } from '../../../kube/sleep.ts';
import type { ServingCertificate } from '../serving-certificate.ts';
import { lastLines } from './last-lines.ts';

/** One container, as the path of a log request names it. */
export interface ContainerName {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

export interface PodLogServerOptions {
  readonly address: string;
  readonly port: number;
  readonly certificate: ServingCertificate;
  /** Only clients with a certificate of this CA are answered: the API server. */
  readonly clientCa: string;
  /** The log file of a container; undefined when there is no such container. */
  readonly logFile: (container: ContainerName) => string | undefined;
}

const followEveryMs = 200;
const chunkBytes = 64 * 1024;

/** Answers `kubectl logs`: the part of a kubelet's HTTPS API that the API server asks for it. */
export class PodLogServer implements AsyncDisposable {
  readonly #options: PodLogServerOptions;
  readonly #server: Server;
  readonly #closing = new AbortController();

  constructor(options: PodLogServerOptions) {
    this.#options = options;
    const { certificate, clientCa } = options;
    const tls = { cert: certificate.certificate, key: certificate.privateKey, ca: clientCa };
    this.#server = createServer({ ...tls, requestCert: true }, (request, response) => {
      void this.#answer(request, response).catch(() => response.destroy());
    });
  }

  async listen(): Promise<void> {
    const { address, port } = this.#options;
    this.#server.listen(port, address);
    await once(this.#server, 'listening');
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#server.close();
    this.#server.closeAllConnections();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'https://node');
    const [, route, namespace = '', pod = '', container = ''] = pathname.split('/');
    const file = route === 'containerLogs' && this.#options.logFile({ namespace, pod, container });
    if (!file) return refuse(response, 404, `no log of container ${container} of pod ${pod}`);
    const unknown = ['previous', 'sinceSeconds', 'sinceTime', 'timestamps', 'limitBytes'].find(
      option => (searchParams.get(option) ?? 'false') !== 'false',
    );
    if (unknown) return refuse(response, 400, `the pod runner's logs know no ${unknown}`);
    response.setHeader('content-type', 'text/plain');
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const signal = AbortSignal.any([gone.signal, this.#closing.signal]);
    const tail = searchParams.get('tailLines');
    const follow = searchParams.get('follow') === 'true';
    await copyLog(
      file,
      response,
      { tail: tail === null ? undefined : Number(tail), follow },
      signal,
    );
    response.end();
  }
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'text/plain' }).end(`${message}\n`);
}

/** Writes the log, from its last `tail` lines on; following, it waits for more until the signal aborts. */
async function copyLog(
  file: string,
  response: ServerResponse,
  { tail, follow }: { readonly tail: number | undefined; readonly follow: boolean },
  signal: AbortSignal,
): Promise<void> {
  await using log = await open(file);
  let position = tail === undefined ? 0 : await lastLines(log, tail);
  while (!signal.aborted) {
    const { bytesRead, buffer } = await log.read(Buffer.alloc(chunkBytes), 0, chunkBytes, position);
    position += bytesRead;
    if (bytesRead > 0 && !response.write(buffer.subarray(0, bytesRead))) {
      await once(response, 'drain', { signal }).catch(() => undefined);
    }
    if (bytesRead > 0) continue;
    if (!follow) return;
    await sleep(followEveryMs, signal).catch(() => undefined);
  }
}
