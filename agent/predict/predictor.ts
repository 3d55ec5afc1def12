/** What a predictor answers: with status 200 the body is JSON, otherwise a sentence that says why not. */
export interface PredictorAnswer {
  readonly status: number;
  readonly body: string;
}

/** Answers the body of `POST /replicas/predict`; rejects only when the signal aborts. */
export type Predictor = (body: string, signal: AbortSignal) => Promise<PredictorAnswer>;

/** What one replica needs is small; nobody has to read more. */
export const largestBody = 65_536;
