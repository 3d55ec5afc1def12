import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { runDialer } from '../agent/dial/dialer.ts';
import { dialerMetrics } from '../agent/dial/dialer-metrics.ts';
import { ChildConnections } from '../agent/serve/child-connections.ts';
import { childHandler } from '../agent/serve/serve.ts';
import { serveTarget } from '../agent/serve/serve-target.ts';
import { issueServing, makeAuthority } from '../hub/certificates/issue.ts';
import { refuse, refuseUpgrade } from '../hub/server/answer.ts';
import type { AuthenticatedRequest } from '../hub/server/authenticated-request.ts';
import { type Listener, listen } from '../hub/server/listener.ts';
import { routeOf } from '../hub/server/route.ts';
import { StatusError } from '../hub/server/status-error.ts';
import { Sockets } from '../hub/sockets/sockets.ts';
import { KubeClient } from '../kube/client.ts';
import { systemClock } from '../reconcile/clock.ts';
import type { RequestHandler } from '../tunnel/agent-end.ts';
import { type ChildServer, startChildServer } from './child-server.ts';
import { type FakeApiServer, startFakeApiServer } from './fake-api-server.ts';

export const clusterId = 'c0ffee00-0000-4000-8000-000000000001';
export const hubNamespace = 'clusternet-system';
/** Extra attributes of the user, as JSON; stands in for authentication, which is not what is tested here. */
export const extraHeader = 'x-test-extra';

const logger = pino({ level: 'silent' });

/** Hub listener, sockets, tunnel, agent and child, all real and in this process; only the parent's API server is not. */
export class AccessPlane implements AsyncDisposable {
  readonly api: FakeApiServer;
  readonly child: ChildServer;
  readonly sockets: Sockets;
  readonly caBundle: string;
  readonly url: URL;
  readonly #listener: Listener;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  readonly #agents: { stop: AbortController; done: Promise<void> }[] = [];

  constructor(
    api: FakeApiServer,
    child: ChildServer,
    hub: { sockets: Sockets; listener: Listener; caBundle: string },
  ) {
    this.api = api;
    this.child = child;
    this.sockets = hub.sockets;
    this.caBundle = hub.caBundle;
    this.#listener = hub.listener;
    this.url = new URL(`https://localhost:${hub.listener.port}`);
    this.#running = this.sockets.run(this.#stop.signal);
  }

  /** Where the child's API begins for clients of the hub. */
  get proxyPath(): string {
    return `/apis/proxies.clusternet.io/v1alpha1/sockets/${clusterId}/proxy/direct`;
  }

  /** Starts an agent's dialer and returns how to stop it. */
  startAgent(
    id = clusterId,
    childUrl: URL = this.child.url,
    more: Readonly<Record<string, RequestHandler>> = {},
  ): () => Promise<void> {
    const stop = new AbortController();
    const tls = { ca: this.child.caBundle };
    const connections = new ChildConnections({ server: childUrl, tls });
    const done = runDialer(
      {
        parent: this.url,
        clusterId: id,
        token: () => 'agent-token',
        caBundle: this.caBundle,
        serve: serveTarget({ child: childHandler(connections), ...more }),
        build: 'test-agent',
        logger,
        metrics: dialerMetrics(new Registry()),
      },
      stop.signal,
    ).finally(() => connections.close());
    this.#agents.push({ stop, done });
    return async () => {
      stop.abort();
      await done;
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { stop } of this.#agents) stop.abort();
    this.#stop.abort();
    await Promise.all([this.#running, ...this.#agents.map(({ done }) => done)]);
    await this.#listener.close();
    await this.child.close();
    await this.api[Symbol.asyncDispose]();
  }
}

export async function startAccessPlane(): Promise<AccessPlane> {
  const [api, child, authority] = await Promise.all([
    startFakeApiServer(),
    startChildServer(),
    makeAuthority(new Date()),
  ]);
  const serving = await issueServing(authority, ['localhost'], new Date());
  const listener = await listen(
    { cert: serving.certificate, key: serving.key, clientCA: authority.certificate },
    { address: '127.0.0.1', port: 0 },
  );
  const client = new KubeClient(api.access());
  const sockets = new Sockets({
    runtime: { client, clock: systemClock, logger, metrics: new Registry() },
    namespace: hubNamespace,
    replica: 'replica-1',
    build: 'test-hub',
    isKnown: id => id === clusterId,
    isIdentityHeader: name => name.startsWith('x-custom-user'),
  });
  connect(listener, sockets);
  return new AccessPlane(api, child, { sockets, listener, caBundle: authority.certificate });
}

/** The server's part, without authentication and authorisation. */
function connect({ server }: Listener, sockets: Sockets): void {
  server.on('request', (incoming, response) => {
    const request = requestOf(incoming);
    if (request === undefined) refuse(response, new StatusError(404, 'no route'));
    else if (request.subresource === 'predict') sockets.handlePredict(request, response);
    else sockets.handleProxy(request, response);
  });
  server.on('upgrade', (incoming, socket, head) => {
    const request = requestOf(incoming);
    if (request === undefined) refuseUpgrade(socket, new StatusError(404, 'no route'));
    else sockets.handleUpgrade(request, socket, head);
  });
}

function requestOf(
  incoming: IncomingMessage | Http2ServerRequest,
): AuthenticatedRequest | undefined {
  const route = routeOf(incoming.url ?? '');
  if (route.kind !== 'subresource' || route.subresource === 'credential') return undefined;
  const { clusterId: id, subresource, rest } = route;
  const extra = JSON.parse(String(incoming.headers[extraHeader] ?? '{}'));
  const user = { name: 'jane', groups: [], extra };
  return { incoming, user, clusterId: id, subresource, rest };
}
