import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { runDialer } from '../agent/dial/dialer.ts';
import { dialerMetrics } from '../agent/dial/dialer-metrics.ts';
import { ChildConnections } from '../agent/serve/child-connections.ts';
import { childHandler } from '../agent/serve/serve.ts';
import { serveTarget } from '../agent/serve/serve-target.ts';
import { clusterRegistrationRequests } from '../api/clusters/cluster-registration-request.ts';
import { namesFor, serviceAccounts } from '../api/well-known.ts';
import type { TestCluster } from '../hack/local/test-cluster.ts';
import { builtin } from '../kube/builtin.ts';
import type { TokenRequest } from '../kube/builtin-kinds.ts';
import type { ClusterAccess } from '../kube/cluster-access.ts';
import { eventually } from '../test/eventually.ts';

/** A cluster that is registered with the parent, and what its agent would dial with. */
export interface Registered {
  readonly clusterId: string;
  readonly namespace: string;
  readonly token: string;
}

/** Registers a cluster as an agent does, and takes the token of its account. */
export async function register(parent: TestCluster, name: string): Promise<Registered> {
  const clusterId = randomUUID();
  const request = namesFor.registrationRequest(clusterId);
  await parent.client.create(clusterRegistrationRequests, {
    apiVersion: 'clusters.clusternet.io/v1beta1',
    kind: 'ClusterRegistrationRequest',
    metadata: { name: request },
    spec: { clusterId, clusterName: name },
  });
  const { status } = await eventually(
    async () => {
      const answered = await parent.client.get(clusterRegistrationRequests, { name: request });
      return answered.status?.result === 'Approved' && answered;
    },
    { describe: `${name} is approved`, withinMs: 30_000 },
  );
  const namespace = status?.dedicatedNamespace ?? '';
  const token = await tokenOf(parent, { namespace, name: serviceAccounts.child });
  return { clusterId, namespace, token };
}

export async function tokenOf(
  cluster: TestCluster,
  account: { readonly namespace: string; readonly name: string },
): Promise<string> {
  const { status } = await cluster.client.createSubresource<TokenRequest>(
    builtin.serviceAccounts,
    account,
    'token',
    { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
  );
  return status?.token ?? '';
}

/** The agent's part of the access plane, in this process; settles when the agent has let go. */
export async function attach(
  parent: TestCluster,
  { clusterId, token }: Registered,
  child: Pick<ClusterAccess, 'server' | 'tls'>,
  signal: AbortSignal,
): Promise<void> {
  const connections = new ChildConnections(child);
  try {
    await runDialer(
      {
        parent: new URL(parent.controlPlane.server),
        clusterId,
        token: () => token,
        caBundle: parent.controlPlane.caBundle,
        serve: serveTarget({ child: childHandler(connections) }),
        build: 'e2e',
        logger: pino({ level: 'silent' }),
        metrics: dialerMetrics(new Registry()),
      },
      signal,
    );
  } finally {
    await connections.close();
  }
}
