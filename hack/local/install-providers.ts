import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clusterctl } from './cluster-api/clusterctl.ts';
import { buildClusterctlRepository } from './cluster-api/clusterctl-repository.ts';
import { initClusterApi } from './cluster-api/init-cluster-api.ts';
import { goModuleDirectory } from './go-module.ts';
import { kubectlFor } from './kubectl.ts';
import type { LocalDirectory } from './local-directory.ts';
import type { Report } from './report.ts';
import { pinnedVersion } from './tool-catalog.ts';
import { type Tools, toolsModuleDirectory } from './tools.ts';

const clusterApi = 'sigs.k8s.io/cluster-api';

/** What the installation works with. */
export interface InstallOptions {
  readonly directory: LocalDirectory;
  readonly tools: Tools;
  /** Kubeconfig of the parent. */
  readonly kubeconfig: string;
  /** Whether Clusternet is installed, too. */
  readonly clusternet: boolean;
}

/**
 * Installs Cluster API, the local provider and Clusternet in the parent by `clusterctl init`, from files only, unless they
 * are there, and waits until all their Deployments are available. Returns how to call clusterctl from then on.
 */
export async function installProviders(
  { directory, tools, kubeconfig, clusternet }: InstallOptions,
  report: Report,
  signal: AbortSignal,
): Promise<Clusterctl> {
  const goMod = await readFile(join(toolsModuleDirectory, 'go.mod'), 'utf8');
  const { config } = await buildClusterctlRepository({
    directory: directory.clusterctl,
    kubectl: tools.kubectl,
    clusterApiModule: await goModuleDirectory(clusterApi, signal),
    clusterApiVersion: pinnedVersion(goMod, clusterApi),
    kubernetesVersion: pinnedVersion(goMod, 'k8s.io/kubernetes'),
    addonDirectory: join(directory.build, 'clusterctl'),
  });
  const clusterctl = { binary: tools.clusterctl, kubectl: tools.kubectl, config, kubeconfig };
  const log = (line: string) => {
    if (line.trim() !== '') report(`  ${line}`);
  };
  const command = await initClusterApi(clusterctl, { addon: clusternet, log }, signal);
  if (command !== undefined) report(`ran ${command}`);
  // An interrupted init has not waited for what it installed, and the next one has nothing to do.
  const installed = ['deployments', '--all-namespaces', '-l', 'clusterctl.cluster.x-k8s.io'];
  const available = ['wait', '--for=condition=Available', '--timeout=300s'];
  await kubectlFor(tools.kubectl, kubeconfig, signal)([...available, ...installed]);
  return clusterctl;
}
