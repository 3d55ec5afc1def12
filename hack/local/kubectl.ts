import { execa } from 'execa';

/** Runs kubectl on one cluster and returns what it printed; throws with its messages when it fails. */
export type Kubectl = (args: readonly string[], input?: string) => Promise<string>;

/** kubectl for the cluster of a kubeconfig. */
export function kubectlFor(binary: string, kubeconfig: string, signal: AbortSignal): Kubectl {
  return async (args, input) => {
    const { stdout } = await execa(binary, ['--kubeconfig', kubeconfig, ...args], {
      cancelSignal: signal,
      ...(input !== undefined && { input }),
    });
    return stdout;
  };
}
