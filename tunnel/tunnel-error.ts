/** Why one stream ended early; travels in RESET frames. `done` means: answered in full, send no more. */
export const resetCodes = [
  'cancelled',
  'done',
  'flow-control',
  'head-too-large',
  'internal',
  'malformed',
  'refused',
  'tunnel-closed',
  'unreachable',
] as const;

export type ResetCode = (typeof resetCodes)[number];

/** A stream that did not come to its regular end. `refused` promises that the request was never acted on. */
export class StreamResetError extends Error {
  readonly code: ResetCode;

  constructor(code: ResetCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StreamResetError';
    this.code = code;
  }
}
