import { request as plain } from 'node:http';
import { request as secure } from 'node:https';
import { connect } from 'node:net';
import type { Probe } from './pod.ts';
import type { Endpoint } from './port-rewriting.ts';

/** How a probe reaches the container that it asks. */
export interface ProbeTarget {
  /** Where a port, given by number or name, is reached. Throws when there is no port of this name. */
  endpoint(port: number | string): Endpoint;
  /** Runs a command in the container; resolves with its exit code. */
  exec(command: readonly string[], signal: AbortSignal): Promise<number>;
}

/** Runs one probe: undefined when it succeeded, else what went wrong. */
export async function runProbe(
  probe: Probe,
  target: ProbeTarget,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { timeoutSeconds = 1, httpGet, tcpSocket, exec } = probe;
  const within = AbortSignal.any([signal, AbortSignal.timeout(timeoutSeconds * 1000)]);
  try {
    if (httpGet) return await get(httpGet, target.endpoint(httpGet.port), within);
    if (tcpSocket) return await dial(target.endpoint(tcpSocket.port), within);
    const code = await target.exec(exec?.command ?? [], within);
    return code === 0 ? undefined : `the command ended with exit code ${code}`;
  } catch (error) {
    return within.aborted ? `no answer within ${timeoutSeconds} s` : (error as Error).message;
  }
}

/** Any status from 200 to 399 is a success, as with a kubelet, which does not verify certificates either. */
function get(
  { path = '/', scheme, httpHeaders = [], host }: NonNullable<Probe['httpGet']>,
  endpoint: Endpoint,
  signal: AbortSignal,
): Promise<string | undefined> {
  const options = {
    host: host ?? endpoint.address,
    port: endpoint.port,
    path,
    signal,
    agent: false as const,
    rejectUnauthorized: false,
    headers: {
      'user-agent': 'kube-probe/local',
      ...Object.fromEntries(httpHeaders.map(({ name, value }) => [name, value])),
    },
  };
  return new Promise((resolve, reject) => {
    const sent = (scheme === 'HTTPS' ? secure : plain)(options, response => {
      response.resume();
      const status = response.statusCode ?? 0;
      resolve(status >= 200 && status < 400 ? undefined : `HTTP status ${status}`);
    });
    sent.once('error', reject).end();
  });
}

function dial({ address, port }: Endpoint, signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, signal });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
  });
}
