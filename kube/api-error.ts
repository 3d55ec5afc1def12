import { isStatus, type Status } from './status.ts';

/** An API server's refusal, with the Status it sent (or one made from the HTTP answer when it sent none). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status code. */
  readonly code: number;
  readonly reason: string;
  readonly status: Status;
  /** What the server asked us to wait, from the Retry-After header or the Status. */
  readonly retryAfterSeconds?: number;

  constructor(status: Status, code: number, retryAfterSeconds?: number) {
    super(status.message || status.reason || `HTTP ${code}`);
    this.code = code;
    this.reason = status.reason ?? '';
    this.status = status;
    const seconds = retryAfterSeconds ?? status.details?.retryAfterSeconds;
    if (seconds !== undefined) this.retryAfterSeconds = seconds;
  }

  /** From a whole HTTP answer; `request` names the call in the message when the body does not. */
  static fromResponse(
    statusCode: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
    body: string,
    request: string,
  ): ApiError {
    const seconds = Number.parseInt(String(headers['retry-after']), 10);
    return new ApiError(
      statusFrom(statusCode, body, request),
      statusCode,
      Number.isNaN(seconds) ? undefined : seconds,
    );
  }
}

function statusFrom(code: number, body: string, request: string): Status {
  try {
    const parsed: unknown = JSON.parse(body);
    if (isStatus(parsed)) return parsed;
  } catch {
    // Proxies and load balancers answer in their own words; those are kept in the message.
  }
  const text = body.trim().slice(0, 200);
  const message = `${request}: HTTP ${code}${text === '' ? '' : `: ${text}`}`;
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, message };
}

export function isNotFound(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code === 404;
}

/** An optimistic lock or a field manager stood in the way; not the 409 of a name that is taken. */
export function isConflict(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code === 409 && error.reason !== 'AlreadyExists';
}

export function isAlreadyExists(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code === 409 && error.reason === 'AlreadyExists';
}

/** The resourceVersion or continue token is too old: list again. */
export function isExpired(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code === 410;
}

export function isForbidden(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code === 403;
}

export function isUnauthorized(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code === 401;
}
