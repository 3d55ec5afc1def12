/** Why nobody can say how many replicas fit into a cluster. */
export const predictionReasons = [
  'PredictorAddressInvalid',
  'PredictorAddressNotAllowed',
  'PredictorAnswerInvalid',
  'PredictorDisabled',
  'PredictorFailed',
  'PredictorRefused',
  'PredictorTimedOut',
  'PredictorUnreachable',
] as const;

export type PredictionReason = (typeof predictionReasons)[number];

/** A prediction that could not be had; the message is one line for people. */
export class PredictionError extends Error {
  override readonly name = 'PredictionError';
  readonly reason: PredictionReason;

  constructor(reason: PredictionReason, message: string, options?: ErrorOptions) {
    super(oneLine(message), options);
    this.reason = reason;
  }
}

const longestMessage = 300;

/** Words of a cluster's own predictor may be in a message, and what they say is not to be trusted. */
function oneLine(text: string): string {
  const line = text.replaceAll(/[^\x21-\x7e]+/g, ' ').trim();
  return line.length > longestMessage ? `${line.slice(0, longestMessage)}…` : line;
}
