import { KubeClient } from '../../kube/client.ts';
import type { ClusterAccess } from '../../kube/cluster-access.ts';
import { createDispatcher } from '../../kube/dispatcher.ts';
import type { AcceptedKubeconfig } from '../capi/kubeconfig.ts';

/** A workload cluster that is spoken to directly, for one visit: credentials are kept nowhere and go with it. */
export class Child implements AsyncDisposable {
  readonly client: KubeClient;

  constructor(client: KubeClient) {
    this.client = client;
  }

  static open(kubeconfig: AcceptedKubeconfig): Child {
    return new Child(new KubeClient(accessWith(kubeconfig), { userAgent: 'clusternet-discovery' }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.access.close();
  }
}

function accessWith({
  server,
  ca,
  serverName,
  certificate,
  key,
  token,
}: AcceptedKubeconfig): ClusterAccess {
  const tls = {
    ca,
    ...(certificate && key ? { cert: certificate, key } : {}),
    ...(serverName ? { servername: serverName } : {}),
  };
  const dispatcher = createDispatcher(tls);
  return {
    server: new URL(server),
    dispatcher,
    tls,
    authorization: async () => (token ? `Bearer ${token}` : undefined),
    close: () => dispatcher.destroy(),
  };
}
