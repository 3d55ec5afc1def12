import { PassThrough } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { TunnelRequest } from '../../tunnel/agent-end.ts';
import { endToEndHeaders } from '../../tunnel/end-to-end-headers.ts';
import type { HeaderList } from '../../tunnel/heads.ts';
import { StreamResetError } from '../../tunnel/tunnel-error.ts';
import type { ChildConnections } from './child-connections.ts';
import { isStreamRequest } from './is-stream-request.ts';
import type { ChildRequest } from './serve.ts';

/** Sends one request to the child and streams its answer back; settles when the answer is complete or cut. */
export function serveRequest(
  child: ChildConnections,
  { path, headers }: ChildRequest,
  request: TunnelRequest,
): Promise<void> {
  const { head, stream, hasBody } = request;
  const pools = child.poolsFor(head.identity);
  const pool = isStreamRequest(path) ? pools.streams : pools.requests;
  return new Promise((resolve, reject) => {
    pool.dispatch(
      {
        method: head.method as Dispatcher.HttpMethod,
        path,
        headers,
        // undici destroys what it is given, and this stream still has to take the answer.
        body: hasBody ? stream.pipe(new PassThrough()) : null,
      },
      new AnswerRelay(request, resolve, reject),
    );
  });
}

/** Hands what the child answers to the tunnel, at the pace the tunnel takes it. */
class AnswerRelay implements Dispatcher.DispatchHandler {
  readonly #request: TunnelRequest;
  readonly #resolve: () => void;
  readonly #reject: (error: Error) => void;
  #answered = false;

  constructor(request: TunnelRequest, resolve: () => void, reject: (error: Error) => void) {
    this.#request = request;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    const { stream } = this.#request;
    const abort = () => controller.abort(new StreamResetError('cancelled', 'the hub gave up'));
    if (stream.destroyed) abort();
    else stream.once('close', () => !stream.writableFinished && abort());
    stream.on('drain', () => controller.resume());
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    const headers = endToEndHeaders(headerList(controller.rawHeaders));
    if (status < 200) {
      this.#request.inform({ status, headers });
      return;
    }
    const bodyless = this.#request.head.method === 'HEAD' || status === 204 || status === 304;
    this.#answered = true;
    this.#request.respond({ status, headers }, { end: bodyless });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#request.stream.write(chunk)) controller.pause();
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    const { stream } = this.#request;
    const trailers = headerList(controller.rawTrailers);
    if (trailers.length > 0) stream.endWithTrailers(trailers);
    else stream.end();
    this.#resolve();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (error instanceof StreamResetError) this.#reject(error);
    else if (this.#answered) this.#reject(cutAnswer(error));
    else this.#reject(unreachable(error));
  }
}

function cutAnswer(error: Error): StreamResetError {
  return new StreamResetError('internal', `the child's answer was cut: ${error.message}`);
}

/** The child's API server did not answer. */
export function unreachable(error: Error): StreamResetError {
  return new StreamResetError('unreachable', error.message, { cause: error });
}

/** undici gives raw pairs for HTTP/1.1 and an object for HTTP/2. */
function headerList(
  raw: Buffer[] | string[] | NodeJS.Dict<string | string[]> | null | undefined,
): HeaderList {
  if (raw === null || raw === undefined) return [];
  if (Array.isArray(raw)) {
    return raw.map(item => (typeof item === 'string' ? item : item.toString('latin1')));
  }
  return Object.entries(raw).flatMap(([name, value]) =>
    [value ?? []].flat().flatMap(item => [name, item]),
  );
}
