import type { Readable } from 'node:stream';
import { readText } from '../../kube/read-text.ts';
import { largestBody, type Predictor, type PredictorAnswer } from './predictor.ts';

/** An HTTP request for a predictor, however it came. */
export interface PredictorRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly body: Readable;
}

/** Upstream's HTTP contract: `POST /replicas/predict`; `GET /replicas/unscheduled` exists and is answered 501, as there. */
export async function answerQuestion(
  predictor: Predictor,
  { method, path, body }: PredictorRequest,
  signal: AbortSignal,
): Promise<PredictorAnswer> {
  switch (path.split('?', 1)[0]) {
    case '/replicas/predict':
      if (method !== 'POST') return { status: 405, body: `${method} is not allowed here: POST is` };
      return predictBody(predictor, body, signal);
    case '/replicas/unscheduled':
      return { status: 501, body: 'Not Implemented' };
    default:
      return { status: 404, body: 'a predictor has /replicas/predict only' };
  }
}

async function predictBody(
  predictor: Predictor,
  body: Readable,
  signal: AbortSignal,
): Promise<PredictorAnswer> {
  let text: string;
  try {
    text = await readText(body, largestBody);
  } catch (error) {
    if (error instanceof RangeError) return { status: 413, body: error.message };
    throw error;
  }
  return predictor(text, signal);
}

/** The type of an answer's body. */
export function contentTypeOf({ status }: PredictorAnswer): string {
  return status === 200 ? 'application/json' : 'text/plain; charset=utf-8';
}
