import { clusterRegistrationRequests } from '../api/clusters/cluster-registration-request.ts';
import { managedClusters } from '../api/clusters/managed-cluster.ts';
import { agentLease, namesFor, namespaces, serviceAccounts } from '../api/well-known.ts';
import type { TestCluster } from '../hack/local/test-cluster.ts';
import { builtin } from '../kube/builtin.ts';
import { agentObjects } from '../manifests/agent.ts';
import { eventually } from '../test/eventually.ts';
import { tokenOf } from './attached-cluster.ts';
import { applyAll } from './hub-process.ts';

/** A child as its parent will know it. */
export interface Invited {
  readonly clusterId: string;
  /** Of its ManagedCluster. */
  readonly key: { readonly namespace: string; readonly name: string };
}

/** Does what discovery does for a Cluster of Cluster API, all but running the agent: asks for it in the parent, and brings into the child what an agent needs to join. */
export async function inviteAgent(
  parent: TestCluster,
  child: TestCluster,
  cluster: { readonly name: string; readonly labels: Readonly<Record<string, string>> },
  signal: AbortSignal,
): Promise<Invited> {
  const { name, labels } = cluster;
  await child.client.create(builtin.namespaces, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespaces.system },
  });
  const { metadata } = await child.client.create(builtin.leases, {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { namespace: namespaces.system, name: agentLease },
  });
  const clusterId = metadata.uid ?? '';
  const key = { namespace: namesFor.dedicatedNamespace(clusterId), name };
  await parent.client.create(clusterRegistrationRequests, {
    apiVersion: 'clusters.clusternet.io/v1beta1',
    kind: 'ClusterRegistrationRequest',
    metadata: { name: namesFor.registrationRequest(clusterId) },
    spec: { clusterId, clusterName: name, clusterLabels: labels },
  });
  await eventually(() => parent.client.find(managedClusters, key));
  const account = { namespace: key.namespace, name: serviceAccounts.bootstrap };
  const { server, caBundle } = parent.controlPlane;
  const objects = agentObjects({
    namespace: namespaces.system,
    image: 'unused',
    replicas: 0,
    deployerRole: 'ClusterAdmin',
    parentURL: server,
    caBundle,
    bootstrapToken: await tokenOf(parent, account),
  });
  await applyAll(child, objects, signal);
  return { clusterId, key };
}
