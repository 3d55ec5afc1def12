import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { execa } from 'execa';

/** What a machine has that the test bed needs. */
export interface MachineFacts {
  readonly platform: string;
  /** How many inotify instances this user may have, and has. */
  readonly maxInotifyInstances: number;
  readonly usedInotifyInstances: number;
  /** Whether this user may listen on ports below 1024 of loopback addresses. */
  readonly bindsLowPorts: boolean;
  /** Whether this user may make mount namespaces. */
  readonly unshares: boolean;
  /** Whether setpriv can tie a process's life to ours. */
  readonly tiesProcesses: boolean;
}

/** One thing that is missing, and the command or step that mends it. */
export interface Shortcoming {
  readonly what: string;
  readonly fix: string;
}

// Counted: six each in kube-apiserver and kube-controller-manager, one in Cluster API's manager, and some to spare.
const inotifyPerCluster = 16;

/** What keeps this many more clusters from working on a machine; nothing when all is well. */
export function shortcomings(facts: MachineFacts, clusters: number): Shortcoming[] {
  const inotify = inotifyPerCluster * clusters;
  const freeInotify = facts.maxInotifyInstances - facts.usedInotifyInstances;
  const checks: [boolean, Shortcoming][] = [
    [
      facts.platform === 'linux',
      {
        what: 'local clusters run as Linux processes',
        fix: 'use Linux, in a virtual machine if need be',
      },
    ],
    [
      freeInotify >= inotify,
      {
        what: `${clusters} more clusters need ${inotify} inotify instances, and of this user's ${facts.maxInotifyInstances} only ${freeInotify} are free`,
        fix: 'sudo sysctl -w fs.inotify.max_user_instances=8192',
      },
    ],
    [
      facts.bindsLowPorts,
      {
        what: 'Services listen on ports below 1024 of loopback addresses, which this user may not',
        fix: 'sudo sysctl -w net.ipv4.ip_unprivileged_port_start=0',
      },
    ],
    [
      facts.unshares,
      {
        what: 'pods get mount namespaces of their own, which this user may not make (unshare -m)',
        fix: 'sudo sysctl -w kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0',
      },
    ],
    [
      facts.tiesProcesses,
      {
        what: 'setpriv with --pdeathsig is missing',
        fix: 'install util-linux 2.33 or newer',
      },
    ],
  ];
  return checks.filter(([met]) => !met).map(([, shortcoming]) => shortcoming);
}

/** Looks at this machine. */
export async function machineFacts(signal: AbortSignal): Promise<MachineFacts> {
  const [bindsLowPorts, unshares, tiesProcesses] = await Promise.all([
    canListen('127.0.0.1', 443),
    succeeds('unshare', [...unshareArguments(), 'true'], signal),
    succeeds('setpriv', ['--pdeathsig', 'KILL', '--', 'true'], signal),
  ]);
  return {
    platform: process.platform,
    maxInotifyInstances: Number(readOr('/proc/sys/fs/inotify/max_user_instances', '0')),
    usedInotifyInstances: countInotifyInstances(),
    bindsLowPorts,
    unshares,
    tiesProcesses,
  };
}

/** How to get a mount namespace: whoever is not root needs a user namespace around it. */
export function unshareArguments(userId = process.getuid?.()): string[] {
  return userId === 0 ? ['-m'] : ['-m', '-r'];
}

async function succeeds(file: string, args: string[], signal: AbortSignal): Promise<boolean> {
  const result = await execa(file, args, { reject: false, cancelSignal: signal });
  signal.throwIfAborted();
  return !result.failed;
}

function canListen(host: string, port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EADDRINUSE'));
    server.listen({ host, port }, () => server.close(() => resolve(true)));
  });
}

/** Counts in all processes whose open files we may see: our own, and everybody's for root. */
function countInotifyInstances(): number {
  const processes = listOr('/proc').filter(name => /^\d+$/.test(name));
  const openFiles = processes.flatMap(pid =>
    listOr(`/proc/${pid}/fd`).map(fd => `${pid}/fd/${fd}`),
  );
  return openFiles.filter(path => linkOr(`/proc/${path}`).includes('inotify')).length;
}

function listOr(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function linkOr(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function readOr(path: string, fallback: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return fallback;
  }
}
