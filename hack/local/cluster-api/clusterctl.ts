import { dirname, join } from 'node:path';
import { execa } from 'execa';

/** How to call clusterctl for one management cluster. */
export interface Clusterctl {
  readonly binary: string;
  /** clusterctl.yaml of the offline repository. */
  readonly config: string;
  /** Of the management cluster. */
  readonly kubeconfig: string;
}

/** Runs clusterctl and returns what it printed; throws with its messages when it fails. It reads and writes local files only. */
export async function runClusterctl(
  { binary, config, kubeconfig }: Clusterctl,
  args: readonly string[],
  options: {
    readonly env?: Readonly<Record<string, string>>;
    readonly log?: (line: string) => void;
  },
  signal: AbortSignal,
): Promise<string> {
  const home = join(dirname(config), 'home');
  const run = execa(binary, [...args, '--config', config], {
    // Whatever clusterctl remembers between calls stays beside its repository.
    env: {
      ...options.env,
      KUBECONFIG: kubeconfig,
      XDG_CONFIG_HOME: home,
      CLUSTERCTL_DISABLE_VERSIONCHECK: 'true',
    },
    cancelSignal: signal,
  });
  const { log } = options;
  if (log !== undefined) for await (const line of run.iterable({ from: 'stderr' })) log(line);
  const { stdout } = await run;
  return stdout;
}
