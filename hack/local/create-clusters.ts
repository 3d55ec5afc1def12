import { execa } from 'execa';
import type { Clusterctl } from './cluster-api/clusterctl.ts';
import { generateCluster } from './cluster-api/generate-cluster.ts';
import { formatDuration, type Report } from './report.ts';

/** Labels that a node feature detector would give: each cluster gets one of them, in turns. */
const features = [
  'feature.node.kubernetes.io/pci-10de.present',
  'feature.node.kubernetes.io/cpu-cpuid.AVX512F',
  'feature.node.kubernetes.io/usb-ff_1a6e_089a.present',
];

const workers = 2;
const timeout = '--timeout=300s';

/**
 * Creates the Clusters `child1` to `child<count>` that are not there yet, the way a user does it, and waits until each has
 * its control plane and its nodes. Cluster API calls them Available half a minute later, when it next probes them.
 */
export async function createClusters(
  count: number,
  clusterctl: Clusterctl & { readonly kubectl: string },
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const names = Array.from({ length: count }, (_, index) => `child${index + 1}`);
  const kubectl = async (args: readonly string[], input?: string) => {
    const all = ['--kubeconfig', clusterctl.kubeconfig, ...args];
    const { stdout } = await execa(clusterctl.kubectl, all, {
      cancelSignal: signal,
      ...(input !== undefined && { input }),
    });
    return stdout;
  };
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
    await kubectl(['wait', '--for=condition=ControlPlaneInitialized', `cluster/${name}`, timeout]);
    await kubectl([
      'wait',
      `--for=jsonpath={.status.readyReplicas}=${workers}`,
      `localcluster/${name}`,
      timeout,
    ]);
    report(
      `cluster ${name} has its control plane and its nodes (${formatDuration(Date.now() - begin)})`,
    );
  }
}
