import { sleep } from '../../kube/sleep.ts';
import type { Logger } from '../../reconcile/logger.ts';
import type { AgentTunnel, RequestHandler } from '../../tunnel/agent-end.ts';
import { connectTunnel, DialError } from './connect-tunnel.ts';
import type { DialerMetrics } from './dialer-metrics.ts';
import { reconnectDelay } from './reconnect-delay.ts';

export interface DialerOptions {
  /** The parent's API server. */
  readonly parent: URL;
  readonly clusterId: string;
  /** The present token, asked for before each attempt. */
  readonly token: () => string;
  /** PEM of the certificates to trust; empty means the ones this machine trusts. */
  readonly caBundle: string;
  readonly serve: RequestHandler;
  /** Program and version, for the hub's log. */
  readonly build: string;
  readonly logger: Logger;
  readonly metrics: DialerMetrics;
  /** Told of each attempt that succeeded. */
  readonly onConnected?: () => void;
  /** Told of each attempt that failed; 401 means that the token is not accepted. */
  readonly onFailure?: (error: DialError) => void;
}

/** A tunnel that ends so soon counts as a failed attempt. */
const BRIEF_MS = 5_000;
/** How long open requests may go on when this agent stops. */
const LAST_WORDS_MS = 1_000;

/** Keeps one tunnel to the parent until `signal` aborts. Failures are logged and tried again for ever. */
export async function runDialer(options: DialerOptions, signal: AbortSignal): Promise<void> {
  const open = new Set<AgentTunnel>();
  let failures = 0;
  try {
    while (!signal.aborted) {
      let delayMs: number;
      try {
        const began = performance.now();
        const { next } = await connect(options, open, signal);
        const waitMs = await next;
        failures = performance.now() - began < BRIEF_MS ? failures + 1 : 0;
        delayMs = Math.max(waitMs, failures === 0 ? 0 : reconnectDelay(failures));
      } catch (error) {
        delayMs = reconnectDelay(++failures);
        if (!signal.aborted) reportFailure(options, error, failures, delayMs);
      }
      options.metrics.connected.set(0);
      await sleep(delayMs, signal).catch(() => {});
    }
  } finally {
    await Promise.all([...open].map(end));
  }
}

/** Opens a tunnel; `next` settles when another one is due, with the milliseconds still to wait. */
async function connect(
  options: DialerOptions,
  open: Set<AgentTunnel>,
  signal: AbortSignal,
): Promise<{ readonly next: Promise<number> }> {
  const { parent, clusterId, caBundle, token, build, serve, logger, metrics } = options;
  const next = Promise.withResolvers<number>();
  const tunnel = await connectTunnel(
    { parent, clusterId, caBundle, token: token() },
    {
      build,
      handler: serve,
      // The open requests go on over the old tunnel; the hub closes it.
      onGoAway: ({ reason, reconnectWithinMs }) => {
        logger.info({ reason, reconnectWithinMs }, 'the hub asks to connect anew');
        next.resolve(Math.random() * reconnectWithinMs);
      },
      onHandlerError: error => logger.error({ err: error }, 'cannot serve a request'),
    },
    signal,
  );
  open.add(tunnel);
  metrics.attempts.inc({ outcome: 'connected' });
  metrics.connected.set(1);
  const { build: hub } = await tunnel.hello;
  logger.info({ hub }, 'tunnel is open');
  options.onConnected?.();
  const abort = () => next.resolve(0);
  signal.addEventListener('abort', abort, { once: true });
  void tunnel.closed.then(reason => {
    logger.info(reason, 'tunnel ended');
    open.delete(tunnel);
    signal.removeEventListener('abort', abort);
    next.resolve(reconnectDelay(0));
  });
  return { next: next.promise };
}

function reportFailure(
  { logger, metrics, onFailure }: DialerOptions,
  error: unknown,
  attempt: number,
  delayMs: number,
): void {
  if (!(error instanceof DialError)) throw error;
  metrics.attempts.inc({ outcome: 'failed' });
  onFailure?.(error);
  const { statusCode, message } = error;
  const nextInMs = Math.round(delayMs);
  logger.warn({ statusCode, attempt, nextInMs }, `cannot open the tunnel: ${message}`);
}

async function end(tunnel: AgentTunnel): Promise<void> {
  tunnel.goAway('the agent stops');
  const deadline = performance.now() + LAST_WORDS_MS;
  while (tunnel.streams > 0 && performance.now() < deadline) await sleep(20);
  tunnel.close('the agent stops');
}
