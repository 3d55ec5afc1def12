import type { Clusterctl } from './cluster-api/clusterctl.ts';
import { generateCluster } from './cluster-api/generate-cluster.ts';
import type { Kubectl } from './kubectl.ts';
import { formatDuration, type Report } from './report.ts';

/** Labels that a node feature detector would give: each cluster's nodes get one of them, in turns. */
const features = [
  'feature.node.kubernetes.io/pci-10de.present',
  'feature.node.kubernetes.io/cpu-cpuid.AVX512F',
  'feature.node.kubernetes.io/usb-ff_1a6e_089a.present',
];

const workers = 2;
const timeout = '--timeout=300s';

/**
 * Creates the Clusters `child1` to `child<count>` that are not there yet, the way a user does it, and waits until each has
 * its control plane and its nodes.
 */
export async function createClusters(
  count: number,
  clusterctl: Clusterctl,
  kubectl: Kubectl,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const names = Array.from({ length: count }, (_, index) => `child${index + 1}`);
  const existing = (await kubectl(['get', 'clusters', '-o', 'name'])).split('\n');
  for (const [index, name] of names.entries()) {
    if (existing.includes(`cluster.cluster.x-k8s.io/${name}`)) continue;
    const feature = features[index % features.length] ?? '';
    const request = { name, workers, nodeLabels: { [feature]: 'true' } };
    const { command, manifests } = await generateCluster(clusterctl, request, signal);
    report(`running ${command} | kubectl apply -f -`);
    await kubectl(['apply', '-f', '-'], manifests);
  }
  for (const name of names) {
    const begin = Date.now();
    // By the field: kubectl ignores a condition whose observedGeneration lags, and Cluster API may let it.
    const initialized = '--for=jsonpath={.status.initialization.controlPlaneInitialized}=true';
    await kubectl(['wait', initialized, `cluster/${name}`, timeout]);
    const nodes = `--for=jsonpath={.status.readyReplicas}=${workers}`;
    await kubectl(['wait', nodes, `localcluster/${name}`, timeout]);
    const elapsed = formatDuration(Date.now() - begin);
    report(`cluster ${name} has its control plane and its nodes (${elapsed})`);
  }
}

/** Waits until every Cluster, and the parent itself, has joined and is Ready. */
export async function clustersHaveJoined(kubectl: Kubectl, report: Report): Promise<void> {
  const begin = Date.now();
  const clusters = await kubectl(['get', 'clusters', '-o', 'jsonpath={.items[*].metadata.name}']);
  const joining = clusters.split(' ').filter(name => name !== '');
  const discovered = joining.map(name => `discoveredcluster/${name}`);
  if (discovered.length > 0) await kubectl(['wait', '--for=create', ...discovered, timeout]);
  const self = ['discoveredcluster/self', '-n', 'clusternet-system'];
  await kubectl(['wait', '--for=create', ...self, timeout]);
  const joined = '--for=jsonpath={.status.phase}=Joined';
  await kubectl(['wait', joined, 'discoveredclusters', '-A', '--all', timeout]);
  await kubectl(['wait', '--for=condition=Ready', 'managedclusters', '-A', '--all', timeout]);
  const what =
    joining.length === 0 ? 'the parent has' : `the parent and ${joining.join(', ')} have`;
  report(
    `${what} joined and ${joining.length === 0 ? 'is' : 'are'} Ready (${formatDuration(Date.now() - begin)})`,
  );
}
