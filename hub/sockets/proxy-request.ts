import { constants, Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { endToEndHeaders, pairsOf } from '../../tunnel/end-to-end-headers.ts';
import type { RequestHead } from '../../tunnel/heads.ts';
import type { HubTunnel, TunnelResponse } from '../../tunnel/hub-end.ts';
import { StreamResetError } from '../../tunnel/tunnel-error.ts';
import { refuse } from '../server/answer.ts';
import type { AuthenticatedRequest, OutgoingResponse } from '../server/authenticated-request.ts';
import { failureStatus } from './failure-status.ts';
import { redirectRefusal } from './redirect-refusal.ts';

const clientGone = new StreamResetError('cancelled', 'the client went away');

/** Sends a request into the tunnel and its answer to the client, whatever the size and however long it takes. */
export async function proxyRequest(
  tunnel: HubTunnel,
  head: RequestHead,
  { incoming, clusterId }: AuthenticatedRequest,
  response: OutgoingResponse,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableEnded) gone.abort(clientGone);
  });
  try {
    const body = hasBody(incoming) ? incoming : undefined;
    const onInfo = (info: { status: number; headers: readonly string[] }) =>
      inform(response, info.status, info.headers);
    const answer = await tunnel.request(head, { body, onInfo }, gone.signal);
    const refusal = redirectRefusal(answer);
    if (refusal === undefined) {
      sendAnswer(response, answer);
    } else {
      answer.body.destroy();
      refuse(response, refusal);
    }
  } catch (error) {
    if (gone.signal.aborted) return;
    refuse(response, failureStatus(clusterId, error));
  }
}

function hasBody(incoming: AuthenticatedRequest['incoming']): boolean {
  if (incoming instanceof Http2ServerRequest) return !incoming.stream.endAfterHeaders;
  const { 'content-length': length, 'transfer-encoding': encoding } = incoming.headers;
  return encoding !== undefined || (length !== undefined && length !== '0');
}

function sendAnswer(response: OutgoingResponse, { status, headers, body }: TunnelResponse): void {
  writeHead(response, status, endToEndHeaders(headers));
  body.on('error', () => cut(response));
  body.on('end', () => {
    if (body.trailers.length > 0) addTrailers(response, body.trailers);
    response.end();
  });
  body.pipe(response as NodeJS.WritableStream, { end: false });
}

function writeHead(response: OutgoingResponse, status: number, headers: readonly string[]): void {
  if (response instanceof Http2ServerResponse) {
    for (const [name, values] of grouped(headers)) response.setHeader(name, values);
    response.writeHead(status);
    return;
  }
  response.writeHead(status, [...headers]);
  // A small answer leaves together with its head; that of a watch does not wait for the first event.
  setImmediate(() => {
    if (!response.writableEnded && !response.destroyed) response.flushHeaders();
  });
}

function inform(response: OutgoingResponse, status: number, headers: readonly string[]): void {
  if (response.headersSent || status === 100) return;
  const hints = Object.fromEntries(grouped(endToEndHeaders(headers)));
  if (response instanceof Http2ServerResponse) {
    response.stream.additionalHeaders({ ...hints, ':status': status });
  } else if (status === 103 && hints.link !== undefined) {
    response.writeEarlyHints(hints as Record<string, string[]> & { link: string[] });
  }
}

function addTrailers(response: OutgoingResponse, trailers: readonly string[]): void {
  response.addTrailers(Object.fromEntries(pairsOf(trailers)));
}

/** The client must see that the answer is incomplete. */
function cut(response: OutgoingResponse): void {
  if (response instanceof Http2ServerResponse) {
    response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  } else {
    response.destroy();
  }
}

function grouped(headers: readonly string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const [name, value] of pairsOf(headers)) {
    const lower = name.toLowerCase();
    const group = groups.get(lower);
    if (group === undefined) groups.set(lower, [value]);
    else group.push(value);
  }
  return groups;
}
