import { readFile } from 'node:fs/promises';
import { Agent, type Dispatcher, request } from 'undici';
import { readText } from '../../kube/read-text.ts';
import { largestBody, type PredictorAnswer } from './predictor.ts';

/** A predictor that somebody else runs, where the agent reaches it. */
export interface ExternalPredictorOptions {
  /** Base URL; `/replicas/predict` is appended. */
  readonly address: URL;
  readonly clusterId: string;
  /** PEM of the CAs to verify it by; read once. */
  readonly caFile?: string | undefined;
  /** The bearer token it wants; read before each question. */
  readonly tokenFile?: string | undefined;
}

/** As upstream's scheduler waits. */
const answerWithinMs = 20_000;

/** Asks the predictor at `--predictor-addr`. Redirects are not followed. */
export class ExternalPredictor {
  readonly #options: ExternalPredictorOptions;
  readonly #url: string;
  #dispatcher: Dispatcher | undefined;

  constructor(options: ExternalPredictorOptions) {
    this.#options = options;
    this.#url = `${options.address.href.replace(/\/$/, '')}/replicas/predict`;
  }

  async predict(body: string, signal: AbortSignal): Promise<PredictorAnswer> {
    try {
      const deadline = AbortSignal.timeout(answerWithinMs);
      return await this.#ask(body, AbortSignal.any([signal, deadline]));
    } catch (error) {
      signal.throwIfAborted();
      const why = error instanceof Error ? error.message : String(error);
      return { status: 502, body: `the predictor at ${this.#url} gave no answer: ${why}` };
    }
  }

  async close(): Promise<void> {
    await this.#dispatcher?.destroy();
  }

  async #ask(body: string, signal: AbortSignal): Promise<PredictorAnswer> {
    this.#dispatcher ??= await this.#connect();
    const { clusterId, tokenFile } = this.#options;
    const token = tokenFile && (await readFile(tokenFile, 'utf8')).trim();
    const { statusCode: status, body: answer } = await request(this.#url, {
      dispatcher: this.#dispatcher,
      method: 'POST',
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        'cluster-id': clusterId,
        ...(token && { authorization: `Bearer ${token}` }),
      },
      body,
      signal,
    });
    const text = await readText(answer, largestBody);
    if (status < 300 || status > 399) return { status, body: text };
    return { status: 502, body: `the predictor redirects (${status}); nobody follows` };
  }

  async #connect(): Promise<Dispatcher> {
    const { caFile } = this.#options;
    const ca = caFile === undefined ? {} : { ca: await readFile(caFile, 'utf8') };
    return new Agent({ connect: { ...ca, timeout: 10_000 } });
  }
}
