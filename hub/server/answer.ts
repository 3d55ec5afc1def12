import type { Duplex } from 'node:stream';
import type { OutgoingResponse } from './authenticated-request.ts';
import { StatusError } from './status-error.ts';

/** The two response classes differ in their overloads, not in what these calls do. */
interface Answering {
  writeHead(code: number, headers: Readonly<Record<string, string | number>>): unknown;
  end(chunk: Buffer): unknown;
}

/** Sends one JSON document; does nothing when the answer has begun already. */
export function answerJson(
  response: OutgoingResponse,
  code: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent) return;
  const text = Buffer.from(JSON.stringify(body));
  head(response, code, {
    'content-type': 'application/json',
    'cache-control': 'no-cache, private',
    'content-length': text.length,
    ...headers,
  });
  (response as Answering).end(text);
}

/** Sends a short plain text, as Kubernetes' health endpoints do. */
export function answerText(response: OutgoingResponse, code: number, text: string): void {
  if (response.headersSent) return;
  const body = Buffer.from(text);
  head(response, code, {
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'content-length': body.length,
  });
  (response as Answering).end(body);
}

function head(
  response: OutgoingResponse,
  code: number,
  headers: Readonly<Record<string, string | number>>,
): void {
  (response as Answering).writeHead(code, headers);
}

/** Answers a refusal as a Kubernetes Status; an answer that has begun is cut off so that the client sees it is incomplete. */
export function refuse(response: OutgoingResponse, error: StatusError): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  answerJson(response, error.code, error.toStatus(), retryAfter(error));
}

/** Answers a refused upgrade on the bare socket and closes it. */
export function refuseUpgrade(socket: Duplex, error: StatusError): void {
  if (!socket.writable) return;
  const body = JSON.stringify(error.toStatus());
  const headers = {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
    ...retryAfter(error),
  };
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${error.code} Refused\r\n${head.join('')}\r\n${body}`);
}

function retryAfter({ retryAfterSeconds }: StatusError): Record<string, string> {
  return retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
}

/** What the client is told of any error: a refusal as it is, everything else without its details, which go to the log. */
export function asStatusError(error: unknown, auditID: string): StatusError {
  if (error instanceof StatusError) return error;
  return new StatusError(
    500,
    `The hub failed to handle the request; its log says why under audit id ${auditID}.`,
  );
}
