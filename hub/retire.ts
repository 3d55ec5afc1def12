import type { Logger } from '../reconcile/logger.ts';
import type { Listener } from './server/listener.ts';
import type { RunningRequests } from './server/running-requests.ts';
import type { Sockets } from './sockets/sockets.ts';

/** What serves clients and agents, and has to stop. */
export interface Serving {
  readonly listener: Listener;
  readonly requests: RunningRequests;
  readonly sockets: Sockets;
  readonly logger: Logger;
}

/** An ordinary request is done long before; the next hub, for which everybody waits, starts only when this one has ended. */
const drainMs = 5_000;

/**
 * When `signal` aborts: takes nothing new, sends clients and agents elsewhere, and lets the requests that run end before everything is cut.
 * Watches are not waited for; who watches begins again anyway.
 */
export async function retire(serving: Serving, signal: AbortSignal): Promise<void> {
  const { listener, requests, sockets, logger } = serving;
  if (!signal.aborted)
    await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }));
  listener.stopAccepting();
  sockets.goAway('the hub stops');
  const cut = await requests.finished(drainMs);
  if (cut > 0) logger.warn({ cut }, `requests still ran after ${drainMs / 1000} s and are cut`);
  sockets.close('the hub stops');
}
