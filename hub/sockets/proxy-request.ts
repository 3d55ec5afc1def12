import { constants, Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { endToEndHeaders, pairsOf } from '../../tunnel/end-to-end-headers.ts';
import type { RequestHead } from '../../tunnel/heads.ts';
import type { HubTunnel, TunnelResponse } from '../../tunnel/hub-end.ts';
import { StreamResetError } from '../../tunnel/tunnel-error.ts';
import type { TunnelStream } from '../../tunnel/tunnel-stream.ts';
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
  const kept = endToEndHeaders(headers);
  if (response instanceof Http2ServerResponse) respond(response, status, kept, body);
  else response.writeHead(status, [...kept]);
  if (body.isComplete) {
    end(response, body);
    return;
  }
  flushHead(response);
  body.on('error', () => cut(response));
  body.on('end', () => end(response, body));
  body.pipe(response as NodeJS.WritableStream, { end: false });
}

/** Sends the head. Node's own writeHead always expects trailers, for which an answer's end has to leave in a frame and a write of its own. */
function respond(
  response: Http2ServerResponse,
  status: number,
  headers: readonly string[],
  body: TunnelStream,
): void {
  const { stream } = response;
  if (stream.destroyed || stream.closed) return;
  response.statusCode = status;
  stream.respond(
    { ...response.getHeaders(), ...Object.fromEntries(grouped(headers)), ':status': status },
    { waitForTrailers: !body.isComplete || body.trailers.length > 0 },
  );
}

/** Over HTTP/1.1 a small answer leaves together with its head; that of a watch does not wait for the first event. */
function flushHead(response: OutgoingResponse): void {
  if (response instanceof Http2ServerResponse) return;
  setImmediate(() => {
    if (!response.writableEnded && !response.destroyed) response.flushHeaders();
  });
}

/** Sends what of a complete body has not been read, and with the last of it the end. */
function end(response: OutgoingResponse, body: TunnelStream): void {
  if (body.trailers.length > 0) response.addTrailers(Object.fromEntries(pairsOf(body.trailers)));
  const out = response as NodeJS.WritableStream;
  for (let piece = body.read(); piece !== null; piece = body.read()) out.write(piece);
  out.end();
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
