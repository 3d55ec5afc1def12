import { type ResetCode, StreamResetError } from '../../tunnel/tunnel-error.ts';
import { StatusError } from '../server/status-error.ts';

/** Short, because client-go waits it out ten times before it shows anybody the message. */
const RETRY_AFTER_SECONDS = 1;

/** What a client is told when its request failed inside the tunnel. Retry-After only where the child cannot have acted on it. */
export function failureStatus(clusterId: string, error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  if (!(error instanceof StreamResetError)) throw error;
  const code = codes[error.code];
  const retryAfter = error.code === 'refused' ? RETRY_AFTER_SECONDS : undefined;
  const detail = error.message === '' ? '' : `: ${error.message}`;
  return new StatusError(code, `${sentences[error.code]} ${clusterId}${detail}.`, retryAfter);
}

export function noTunnelStatus(clusterId: string): StatusError {
  return new StatusError(
    503,
    `Cluster ${clusterId} is not connected: its agent has no tunnel to this hub. Try again, or look at the agent in the child.`,
    RETRY_AFTER_SECONDS,
  );
}

export function unknownClusterStatus(clusterId: string): StatusError {
  return new StatusError(404, `There is no cluster with id ${clusterId}.`);
}

const codes: Record<ResetCode, number> = {
  cancelled: 503,
  done: 502,
  'flow-control': 502,
  'head-too-large': 431,
  internal: 502,
  malformed: 502,
  refused: 503,
  'tunnel-closed': 503,
  unreachable: 502,
};

const sentences: Record<ResetCode, string> = {
  cancelled: 'The request was given up by the agent of cluster',
  done: 'The answer was incomplete from the agent of cluster',
  'flow-control': 'Flow control was broken by the agent of cluster',
  'head-too-large': 'The headers are too large for the tunnel of cluster',
  internal: 'The request failed in the agent of cluster',
  malformed: 'The request was not understood on the way to cluster',
  refused: 'No new request is taken by the tunnel of cluster',
  'tunnel-closed': 'The tunnel was lost while the request was under way to cluster',
  unreachable: 'The agent cannot reach the API server of cluster',
};
