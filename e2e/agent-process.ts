import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { TestCluster } from '../hack/local/test-cluster.ts';
import { kubeconfigOf } from './hub-process.ts';

/** An agent that runs as a process of its own in a test cluster, with the rights of its ServiceAccount. */
export interface AgentProcess {
  readonly pid: number;
  /** Its log so far, one JSON document per line. */
  log(): string;
  /** Answers the exit code, or the signal that ended it. */
  kill(signal: NodeJS.Signals): Promise<number | string>;
}

/** Starts an agent; a restarted one is the same replica and resumes its Lease at once. */
export async function startAgent(
  cluster: TestCluster,
  flags: readonly string[] = [],
): Promise<AgentProcess> {
  const kubeconfig = await kubeconfigOf(cluster, 'clusternet-agent');
  const child = spawn(
    process.execPath,
    ['image/entrypoint.ts', 'agent', '--kubeconfig', kubeconfig, '--secure-port', '0', ...flags],
    {
      cwd: join(import.meta.dirname, '..'),
      env: {
        ...process.env,
        NODE_ENV: 'production',
        CLUSTERNET_LOG_LEVEL: 'info',
        CLUSTERNET_BIND_ADDRESS: '127.0.0.1',
        POD_UID: 'agent-1',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const exited = once(child, 'exit');
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', text => (log += text));
  return {
    pid: child.pid ?? 0,
    log: () => log,
    kill: async signal => {
      child.kill(signal);
      const [code, killedBy] = await exited;
      return code ?? killedBy;
    },
  };
}
