import type { Dispatcher } from 'undici';

/** TLS material for connections that do not go through the dispatcher, such as websockets; PEM text throughout. */
export interface ClusterTls {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly servername?: string;
  /** False only when a kubeconfig says insecure-skip-tls-verify. */
  readonly rejectUnauthorized?: boolean;
}

/** How to reach one API server and as whom. One access means one pool of connections: share it, and close it. */
export interface ClusterAccess {
  /** Base URL; may carry a path, which every request path is appended to. */
  readonly server: URL;
  readonly dispatcher: Dispatcher;
  readonly tls: ClusterTls;
  /** Value of the Authorization header for the next request, read anew because tokens rotate. */
  authorization(): Promise<string | undefined>;
  /** Told when the server did not accept the credentials (401). */
  onUnauthorized?(): void;
  close(): Promise<void>;
}
