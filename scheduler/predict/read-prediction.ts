import { maxReplicas } from '../../api/apps/feed-inventory.ts';
import { PredictionError } from './prediction-error.ts';

/** What came back, whatever it is. */
export interface RawAnswer {
  readonly status: number;
  readonly text: string;
}

/** Statuses by which somebody on the way says that the predictor did not answer. */
const gateways = new Set([502, 503, 504]);

/**
 * The replicas that fit into the whole cluster, brought to 0..`most`. Only `default` counts, as in upstream's contract.
 * Throws a PredictionError for everything that is no answer.
 */
export function readPrediction({ status, text }: RawAnswer, most = maxReplicas): number {
  if (status !== 200) {
    const reason = gateways.has(status) ? 'PredictorUnreachable' : 'PredictorRefused';
    throw new PredictionError(reason, `its predictor answered ${status}: ${messageOf(text)}`);
  }
  const { replicas } = parse(text) as { readonly replicas?: { readonly default?: unknown } };
  const count = replicas?.default;
  if (typeof count !== 'number' || Number.isNaN(count)) {
    throw new PredictionError(
      'PredictorAnswerInvalid',
      'its predictor answered without a number in replicas.default',
    );
  }
  return Math.min(Math.max(Math.floor(count), 0), most);
}

function parse(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {}
  throw new PredictionError('PredictorAnswerInvalid', 'its predictor answered no JSON object');
}

/** The message of a Status, or the text itself. */
function messageOf(text: string): string {
  try {
    const { message } = JSON.parse(text) as { readonly message?: unknown };
    if (typeof message === 'string') return message;
  } catch {}
  return text || 'without saying why';
}
