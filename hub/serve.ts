import type { KubeClient } from '../kube/client.ts';
import type { Runtime } from '../reconcile/runtime.ts';
import { type CertificateSet, fromSecret } from './certificates/certificate-set.ts';
import { certificateInformer, type HubService } from './certificates/registration-controller.ts';
import { credentialIssuer } from './credential/issue-credential.ts';
import type { FrontProxyTrust } from './front-proxy-trust.ts';
import { rememberedAccess } from './server/access-review.ts';
import type { SocketHandlers } from './server/authenticated-request.ts';
import { authenticator } from './server/authentication.ts';
import { type HubServer, hubServer } from './server/hub-server.ts';
import { type Listener, type ListenerSecrets, listen } from './server/listener.ts';
import { subjectAccessReviewer, tokenReviewer } from './server/parent-reviews.ts';

export interface ServeOptions {
  readonly runtime: Runtime;
  readonly trust: FrontProxyTrust;
  readonly certificates: CertificateSet;
  readonly service: HubService;
  readonly sockets: SocketHandlers;
  readonly address: string;
  readonly port: number;
  readonly version: string;
  readonly live: () => readonly string[];
  readonly ready: () => readonly string[];
}

/** Starts the aggregated API on its listener, and exchanges its certificates whenever their Secret or the parent's changes. */
export async function serve(options: ServeOptions): Promise<Listener> {
  const { runtime, trust, service, address, port } = options;
  let set = options.certificates;
  const secrets = (): ListenerSecrets => ({
    cert: set.serving.certificate,
    key: set.serving.key,
    // Without trust in the front proxy some authority is needed that signs nobody's client certificate: ours.
    clientCA: trust.config()?.clientCA ?? set.issuer.certificate,
  });
  const listener = await listen(secrets(), { address, port });
  connect(listener, server(options));
  certificateInformer(runtime, service.namespace).onChange(({ object }) => {
    const next = fromSecret(object);
    if (next === undefined || next.serving.certificate === set.serving.certificate) return;
    set = next;
    listener.reload(secrets());
  });
  let { clientCA } = secrets();
  trust.onChange(() => {
    if (secrets().clientCA === clientCA) return;
    clientCA = secrets().clientCA;
    listener.reload(secrets());
  });
  return listener;
}

function connect(listener: Listener, api: HubServer): void {
  listener.server.on('request', (incoming, response) => {
    api.handle(incoming, response, listener.peerOf(incoming));
  });
  listener.server.on('upgrade', (incoming, socket, head) => {
    api.upgrade(incoming, socket, head, listener.peerOf(incoming));
  });
}

function server(options: ServeOptions): HubServer {
  const { runtime, trust, sockets, version, live, ready } = options;
  const { client, clock, logger } = runtime;
  // No field of an AuditLine holds a secret, and to look for one by name costs more than to write the line.
  const audit = logger.child({ log: 'audit' }, { redact: [] });
  const now = () => clock.monotonic();
  return hubServer({
    authenticate: authenticator({
      frontProxy: () => trust.config(),
      reviewToken: tokenReviewer(client),
      now,
    }),
    review: rememberedAccess(subjectAccessReviewer(client), now),
    sockets,
    issueCredential: credentialIssuer({
      client,
      now: () => clock.now(),
      caBundle: caBundleOf(client),
    }),
    live,
    ready,
    version,
    audit: line => audit.info(line, 'request'),
    onError: (error, auditID) => logger.error({ err: error, auditID }, 'request failed'),
    now,
  });
}

/** What the hub itself verifies the parent by. */
function caBundleOf({ access }: KubeClient): string {
  return access.tls.ca?.toString() ?? '';
}
