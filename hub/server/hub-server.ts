import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { Duplex } from 'node:stream';
import { type AccessReview, verbOf } from './access-review.ts';
import { answerJson, answerText, asStatusError, refuse, refuseUpgrade } from './answer.ts';
import { answerDocument } from './answer-document.ts';
import { type AuditLine, auditIdOf } from './audit.ts';
import type {
  AuthenticatedRequest,
  AuthenticatedUser,
  OutgoingResponse,
  SocketHandlers,
} from './authenticated-request.ts';
import type { Authenticate, Peer } from './authentication.ts';
import { readBody } from './read-body.ts';
import { requireMethod } from './require-method.ts';
import { type Route, routeOf } from './route.ts';
import { StatusError } from './status-error.ts';

type Incoming = IncomingMessage | Http2ServerRequest;

/** Answers `POST sockets/<id>/credential`, or throws a StatusError. */
export type CredentialIssuer = (request: {
  readonly clusterId: string;
  readonly user: AuthenticatedUser;
  readonly body: string;
}) => Promise<object>;

export interface HubServerOptions {
  readonly authenticate: Authenticate;
  readonly review: AccessReview;
  readonly sockets: SocketHandlers;
  readonly issueCredential: CredentialIssuer;
  /** What is wrong, as plain sentences; empty means well. */
  readonly live: () => readonly string[];
  readonly ready: () => readonly string[];
  readonly version: string;
  readonly audit: (line: AuditLine) => void;
  /** An error that is nobody's refusal; the client is told only where to look. */
  readonly onError: (error: unknown, auditID: string) => void;
  readonly now: () => number;
}

/** The two entry points of the aggregated API, to be connected to a listener. */
export interface HubServer {
  handle(incoming: Incoming, response: OutgoingResponse, peer: Peer): void;
  upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer, peer: Peer): void;
}

/** The request of a client on its way through the filters. */
interface Passage {
  readonly incoming: Incoming;
  readonly route: Route;
  readonly auditID: string;
  readonly peer: Peer;
  readonly began: number;
  user: AuthenticatedUser | undefined;
}

/** Composes the hub's API: route, authenticate, authorise, then the handler; every refusal is a Status and every request a line. */
export function hubServer(options: HubServerOptions): HubServer {
  const begin = (incoming: Incoming, peer: Peer): Passage => ({
    incoming,
    peer,
    route: routeOf(incoming.url ?? ''),
    auditID: auditIdOf(incoming.rawHeaders),
    began: options.now(),
    user: undefined,
  });
  const fail = (error: unknown, { auditID }: Passage): StatusError => {
    if (!(error instanceof StatusError)) options.onError(error, auditID);
    return asStatusError(error, auditID);
  };
  return {
    handle: (incoming, response, peer) => {
      const passage = begin(incoming, peer);
      response.setHeader('audit-id', passage.auditID);
      response.on('close', () => {
        const status = response.headersSent ? response.statusCode : 499;
        audit(options, passage, 'ResponseComplete', status);
      });
      serve(options, passage, response).catch((error: unknown) => {
        refuse(response, fail(error, passage));
      });
    },
    upgrade: (incoming, socket, head, peer) => {
      const passage = begin(incoming, peer);
      let status = 101;
      socket.on('error', () => socket.destroy());
      socket.on('close', () => audit(options, passage, 'ResponseComplete', status));
      serveUpgrade(options, passage, socket, head).catch((error: unknown) => {
        const refusal = fail(error, passage);
        status = refusal.code;
        refuseUpgrade(socket, refusal);
      });
    },
  };
}

function audit(
  options: HubServerOptions,
  passage: Passage,
  stage: AuditLine['stage'],
  status: number,
): void {
  const { route, incoming } = passage;
  if (route.kind === 'health') return;
  options.audit({
    stage,
    auditID: passage.auditID,
    user: passage.user?.name ?? '',
    verb: verbOf(incoming.method ?? '') ?? '',
    cluster: 'clusterId' in route ? route.clusterId : '',
    path: incoming.url?.split('?', 1)[0] ?? '',
    status,
    durationMs: Math.round(options.now() - passage.began),
  });
}

async function serve(
  options: HubServerOptions,
  passage: Passage,
  response: OutgoingResponse,
): Promise<void> {
  const { route, incoming } = passage;
  if (route.kind === 'health') return answerHealth(response, options, route.check);
  passage.user = await options.authenticate(incoming.rawHeaders, passage.peer);
  switch (route.kind) {
    case 'socket':
      await authorize(options, passage, route.clusterId, '');
      throw new StatusError(
        405,
        `sockets/${route.clusterId} itself holds nothing: use its subresource attach (agents), credential, predict or proxy.`,
      );
    case 'subresource':
      return serveSubresource(options, passage, route, response);
    case 'unknown':
      throw new StatusError(
        404,
        'The hub serves no such path; see /apis/proxies.clusternet.io/v1alpha1.',
      );
    default:
      requireMethod(incoming, 'GET', 'this path');
      answerDocument(route.kind, incoming, options.version, response);
  }
}

type SubresourceRoute = Extract<Route, { kind: 'subresource' }>;

async function serveSubresource(
  options: HubServerOptions,
  passage: Passage,
  { clusterId, subresource, rest }: SubresourceRoute,
  response: OutgoingResponse,
): Promise<void> {
  const { incoming } = passage;
  const user = await authorize(options, passage, clusterId, subresource);
  switch (subresource) {
    case 'proxy':
      options.sockets.handleProxy({ incoming, user, clusterId, subresource, rest }, response);
      return;
    case 'predict':
      requireMethod(incoming, 'POST', 'sockets/predict');
      options.sockets.handlePredict({ incoming, user, clusterId, subresource, rest }, response);
      return;
    case 'credential': {
      requireMethod(incoming, 'POST', 'sockets/credential');
      const body = await readBody(incoming);
      answerJson(response, 201, await options.issueCredential({ clusterId, user, body }));
      return;
    }
    case 'attach':
      throw new StatusError(400, 'sockets/attach wants a websocket: send Upgrade: websocket.');
  }
}

async function serveUpgrade(
  options: HubServerOptions,
  passage: Passage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  const { route, incoming } = passage;
  passage.user = await options.authenticate(incoming.rawHeaders, passage.peer);
  if (route.kind === 'socket') {
    throw new StatusError(
      501,
      `This hub takes tunnels on sockets/${route.clusterId}/attach only: the bare form, which older agents use, ` +
        'would hold a request seat of the parent for as long as the tunnel lives. Upgrade the agent.',
    );
  }
  if (
    route.kind !== 'subresource' ||
    route.subresource === 'credential' ||
    route.subresource === 'predict'
  ) {
    throw new StatusError(400, 'Only sockets/attach and sockets/proxy can be upgraded.');
  }
  const { clusterId, subresource, rest } = route;
  const user = await authorize(options, passage, clusterId, subresource);
  const request: AuthenticatedRequest = { incoming, user, clusterId, subresource, rest };
  audit(options, passage, 'ResponseStarted', 101);
  options.sockets.handleUpgrade(request, socket, head);
}

async function authorize(
  options: HubServerOptions,
  passage: Passage,
  clusterId: string,
  subresource: string,
): Promise<AuthenticatedUser> {
  const { user, incoming } = passage;
  const verb = verbOf(incoming.method ?? '');
  if (verb === undefined) {
    throw new StatusError(405, `Kubernetes knows no method ${incoming.method ?? ''}.`);
  }
  if (user === undefined) throw new StatusError(401, 'The request names no user.');
  const verdict = await options.review({ user, verb, clusterId, subresource });
  if (verdict.allowed) return user;
  const resource = subresource === '' ? 'sockets' : `sockets/${subresource}`;
  throw new StatusError(
    403,
    `${resource}.proxies.clusternet.io "${clusterId}" is forbidden: user "${user.name}" cannot ${verb} it. ` +
      `Grant verb ${verb} on ${resource} with resourceNames ["${clusterId}"] in a ClusterRole of the parent.` +
      (verdict.reason === '' ? '' : ` (${verdict.reason})`),
  );
}

function answerHealth(
  response: OutgoingResponse,
  options: HubServerOptions,
  check: 'healthz' | 'livez' | 'readyz',
): void {
  const wrong = check === 'readyz' ? options.ready() : options.live();
  if (wrong.length === 0) answerText(response, 200, 'ok');
  else answerText(response, 503, `${wrong.join('\n')}\n`);
}
