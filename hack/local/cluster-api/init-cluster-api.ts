import { execa } from 'execa';
import { type Clusterctl, runClusterctl } from './clusterctl.ts';

/** The providers of the test bed: the name clusterctl gives the provider, and the flag that asks for it. */
const providers = [
  { name: 'cluster-api', flag: '--core', value: 'cluster-api' },
  { name: 'control-plane-local', flag: '--control-plane', value: 'local' },
  { name: 'infrastructure-local', flag: '--infrastructure', value: 'local' },
  { name: 'addon-clusternet', flag: '--addon', value: 'clusternet' },
] as const;

/**
 * Installs Cluster API, the local provider and, if asked for, our add-on with `clusterctl init`, and waits until their
 * Deployments are available. What is installed already is left alone. Returns the command line that was run, if any.
 */
export async function initClusterApi(
  clusterctl: Clusterctl & { readonly kubectl: string },
  options: { readonly addon: boolean; readonly log?: (line: string) => void },
  signal: AbortSignal,
): Promise<string | undefined> {
  const args = initArguments(await installedProviders(clusterctl, signal), options.addon);
  if (args !== undefined) await runClusterctl(clusterctl, args, options, signal);
  await deploymentsAvailable(clusterctl, signal);
  return args && `clusterctl ${args.join(' ')}`;
}

/** Arguments of `clusterctl init` for what is missing; undefined when nothing is. */
export function initArguments(
  installed: readonly string[],
  addon: boolean,
): readonly string[] | undefined {
  const missing = providers.filter(
    ({ name }) => !installed.includes(name) && (addon || name !== 'addon-clusternet'),
  );
  if (missing.length === 0) return undefined;
  const flags = missing.flatMap(({ flag, value }) => [flag, value]);
  // A dash keeps clusterctl from adding the kubeadm bootstrap provider to the first installation.
  return ['init', ...flags, '--bootstrap', '-'];
}

/** Waits by our own means, not by clusterctl's: an earlier call may have been interrupted after the installation. */
async function deploymentsAvailable(
  { kubectl, kubeconfig }: { readonly kubectl: string; readonly kubeconfig: string },
  signal: AbortSignal,
): Promise<void> {
  const which = ['deployments', '--all-namespaces', '--selector', 'clusterctl.cluster.x-k8s.io'];
  const until = ['--for=condition=Available', '--timeout=120s', '--kubeconfig', kubeconfig];
  await execa(kubectl, ['wait', ...which, ...until], { cancelSignal: signal });
}

async function installedProviders(
  { kubectl, kubeconfig }: { readonly kubectl: string; readonly kubeconfig: string },
  signal: AbortSignal,
): Promise<string[]> {
  const args = ['get', 'providers.clusterctl.cluster.x-k8s.io', '--all-namespaces', '-o', 'name'];
  const { stdout, stderr, failed } = await execa(kubectl, [...args, '--kubeconfig', kubeconfig], {
    reject: false,
    cancelSignal: signal,
  });
  if (failed && !stderr.includes("the server doesn't have a resource type")) {
    throw new Error(`cannot list the installed providers: ${stderr}`);
  }
  return stdout.split('\n').map(line => line.slice(line.indexOf('/') + 1));
}
