import { execa } from 'execa';

// Only root may mount; everyone else becomes root of a user namespace of their own.
const userNamespace = process.getuid?.() !== 0;

/** Whether mount namespaces here belong to a user namespace. */
export function hasUserNamespace(): boolean {
  return userNamespace;
}

/** The command that runs a script in a new mount namespace, with a command line as its arguments. */
export function namespaceCommand(
  script: string,
  command: readonly string[],
): { readonly file: string; readonly args: readonly string[] } {
  const flags = ['--mount', '--propagation', 'private'];
  const mapped = userNamespace ? ['--map-root-user', ...flags] : flags;
  return { file: 'unshare', args: [...mapped, 'sh', '-c', script, 'sh', ...command] };
}

/** Runs a command in the mount namespace of a process and returns its exit code. */
export async function runInNamespaceOf(
  pid: number,
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<number> {
  const user = userNamespace ? ['--user', '--preserve-credentials'] : [];
  const args = ['--target', String(pid), ...user, '--mount', '--', ...command];
  const result = await execa('nsenter', args, {
    env,
    extendEnv: false,
    cancelSignal: signal,
    reject: false,
  });
  return result.exitCode ?? 1;
}
