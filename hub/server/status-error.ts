/** A metav1.Status of kind Failure, as every refusal of the hub is answered. */
export interface FailureStatus {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: Record<string, never>;
  readonly status: 'Failure';
  readonly message: string;
  readonly reason: string;
  readonly code: number;
  readonly details?: { readonly retryAfterSeconds: number };
}

const reasons = new Map<number, string>([
  [400, 'BadRequest'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'NotFound'],
  [405, 'MethodNotAllowed'],
  [409, 'Conflict'],
  [413, 'RequestEntityTooLarge'],
  [415, 'UnsupportedMediaType'],
  [422, 'Invalid'],
  [429, 'TooManyRequests'],
  [501, 'NotImplemented'],
  [503, 'ServiceUnavailable'],
]);

/** A refusal that knows its HTTP code and becomes a Kubernetes Status; the message says what is wrong and what helps. */
export class StatusError extends Error {
  readonly code: number;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: number, message: string, retryAfterSeconds?: number) {
    super(message);
    this.name = 'StatusError';
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  toStatus(): FailureStatus {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      reason: reasons.get(this.code) ?? 'InternalError',
      code: this.code,
      ...(this.retryAfterSeconds === undefined
        ? {}
        : { details: { retryAfterSeconds: this.retryAfterSeconds } }),
    };
  }
}
