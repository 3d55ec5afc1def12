import { ApiError } from './api-error.ts';

const maxAttempts = 4;
const longestWaitSeconds = 30;
const resetCodes = new Set([
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_SOCKET',
  'ERR_HTTP2_GOAWAY_SESSION',
  'ERR_HTTP2_SESSION_ERROR',
  'ERR_HTTP2_STREAM_ERROR',
  'ERR_HTTP2_STREAM_CANCEL',
  'ERR_HTTP2_INVALID_SESSION',
]);

/**
 * How long to wait before sending the request again, or undefined to give up.
 * A reset connection is tried once more for GET, whose repetition is harmless; a server that says when to come
 * back is obeyed for idempotent methods, a few times and not for longer than is bearable.
 */
export function retryDelay(method: string, attempt: number, error: unknown): number | undefined {
  if (error instanceof ApiError) {
    const seconds = error.retryAfterSeconds;
    const busy = error.code === 429 || error.code === 503;
    const patient = seconds !== undefined && seconds <= longestWaitSeconds && attempt < maxAttempts;
    return busy && patient && method !== 'POST' ? Math.max(seconds * 1000, 100) : undefined;
  }
  return method === 'GET' && attempt === 1 && isConnectionReset(error) ? 0 : undefined;
}

function isConnectionReset(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return resetCodes.has(code) || isConnectionReset(error.cause);
}
