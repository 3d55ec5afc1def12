/** Why the fake API server says no; it answers with a Kubernetes Status made of it. */
export class Refusal extends Error {
  readonly code: number;
  readonly reason: string;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: number, reason: string, message: string, retryAfterSeconds?: number) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** The body of the answer. */
  get status(): unknown {
    const { code, reason, message, retryAfterSeconds } = this;
    return {
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      code,
      reason,
      message,
      ...(retryAfterSeconds !== undefined && { details: { retryAfterSeconds } }),
    };
  }
}
