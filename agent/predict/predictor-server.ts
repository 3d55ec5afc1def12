import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../reconcile/clock.ts';
import type { Logger } from '../../reconcile/logger.ts';
import { answerQuestion, contentTypeOf } from './answer-question.ts';
import type { CallerReview } from './caller-review.ts';
import type { Predictor, PredictorAnswer } from './predictor.ts';

/** PEM files of the certificate that callers verify. */
export interface ServingFiles {
  readonly certificate: string;
  readonly key: string;
}

export interface PredictorServerOptions {
  readonly predictor: Predictor;
  readonly review: CallerReview;
  readonly files: ServingFiles;
  readonly address: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told the port once it is open. */
  readonly listening?: (port: number) => void;
}

/** Questions under way at the same time; more are turned away, since each costs the API server two reviews. */
const MAX_QUESTIONS = 32;
const readFilesEveryMs = 60_000;

/**
 * Serves the predictor over HTTPS until `signal` aborts, to callers whom the cluster's API server lets in: for schedulers
 * that dial it directly.
 */
export async function servePredictor(
  options: PredictorServerOptions,
  signal: AbortSignal,
): Promise<void> {
  const { files, logger } = options;
  const pair = await readPair(files);
  const server = createServer({ ...pair, requestTimeout: 30_000 }, gate(options));
  server.listen({ port: options.port, host: options.address, signal });
  await once(server, 'listening', { signal });
  const { port } = server.address() as AddressInfo;
  logger.info({ port }, 'serving the predictor');
  options.listening?.(port);
  const stop = keepCertificate(server, options, pair.cert);
  // Who keeps a connection open must not keep the agent from stopping.
  signal.addEventListener('abort', () => server.closeAllConnections(), { once: true });
  try {
    await once(server, 'close');
  } finally {
    stop();
  }
}

/** Turns away what is too much, and answers the rest. */
function gate(options: PredictorServerOptions): RequestListener {
  let questions = 0;
  return (request, response) => {
    if (questions >= MAX_QUESTIONS) {
      send(response, { status: 429, body: `more than ${MAX_QUESTIONS} questions at once` });
      return;
    }
    questions++;
    answer(options, request, response)
      .catch((err: unknown) => {
        options.logger.warn({ err }, 'a question to the predictor failed');
        send(response, { status: 500, body: "the predictor failed; the agent's log says why" });
      })
      .finally(() => questions--);
  };
}

/** Takes a renewed certificate from the files without a restart. */
function keepCertificate(
  server: Server,
  { files, clock, logger }: PredictorServerOptions,
  first: string,
): () => void {
  let present = first;
  let cancel = () => {};
  const reload = async () => {
    const next = await readPair(files);
    if (next.cert !== present) server.setSecureContext(next);
    present = next.cert;
  };
  const later = () => {
    cancel = clock.after(readFilesEveryMs, () => {
      reload()
        .catch((err: unknown) => logger.warn({ err }, "cannot read the predictor's certificate"))
        .finally(later);
    });
  };
  later();
  return () => cancel();
}

async function readPair({ certificate, key }: ServingFiles) {
  return { cert: await readFile(certificate, 'utf8'), key: await readFile(key, 'utf8') };
}

async function answer(
  { predictor, review }: PredictorServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { status, message } = await review(request.headers.authorization);
  if (status !== 200) return send(response, { status, body: message });
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const { method = '', url = '' } = request;
  send(
    response,
    await answerQuestion(predictor, { method, path: url, body: request }, gone.signal),
  );
}

function send(response: ServerResponse, answered: PredictorAnswer): void {
  if (response.headersSent) return;
  response.writeHead(answered.status, { 'content-type': contentTypeOf(answered) });
  response.end(answered.body);
}
