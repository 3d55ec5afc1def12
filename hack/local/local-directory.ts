import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { writeFileAtomically } from './atomic-file.ts';

/** Where the test bed of a checkout keeps its files: everything is below one, which `npm run down` removes. */
export interface LocalDirectory {
  readonly root: string;
  /** What runs, for `status`, `up` and `down`. */
  readonly state: string;
  /** A record per process. */
  readonly processes: string;
  readonly logs: string;
  /** The copy of `dist` whose programs run here. */
  readonly build: string;
  /** The offline clusterctl repository and its clusterctl.yaml. */
  readonly clusterctl: string;
  /** Holds a directory per cluster. */
  readonly clusters: string;
  /** The administrator's kubeconfig of a cluster. */
  kubeconfig(cluster: string): string;
  /** Data and certificates of a cluster. */
  cluster(cluster: string): string;
}

const marker = 'made-by-npm-run-up';

/** Whether there is a test bed in the directory: only then it may be deleted. */
export function isTestBed({ root }: Pick<LocalDirectory, 'root'>): boolean {
  return existsSync(join(root, marker));
}

/** Makes the directory, and marks it as what `down` may delete. Refuses one that holds other files. */
export function markTestBed(directory: Pick<LocalDirectory, 'root'>): void {
  const { root } = directory;
  if (isTestBed(directory)) return;
  if (existsSync(root) && readdirSync(root).length > 0) {
    throw new Error(`${root} holds files that are not ours: name an empty or a new directory`);
  }
  writeFileAtomically(join(root, marker), '"npm run down" deletes this directory.\n');
}

/** The name of a lock of this test bed's own. */
export function lockName({ root }: Pick<LocalDirectory, 'root'>, what: string): string {
  return `${what}-${createHash('sha256').update(root).digest('hex').slice(0, 16)}`;
}

/** The test bed of this checkout: `.local`, or CLUSTERNET_LOCAL_DIR for one more beside it. */
export function localDirectory(
  path = process.env.CLUSTERNET_LOCAL_DIR || join(import.meta.dirname, '../../.local'),
): LocalDirectory {
  // Its processes run elsewhere.
  const root = resolve(path);
  return {
    root,
    state: join(root, 'state.json'),
    processes: join(root, 'processes'),
    logs: join(root, 'logs'),
    build: join(root, 'build'),
    clusterctl: join(root, 'clusterctl'),
    clusters: join(root, 'clusters'),
    kubeconfig: cluster => join(root, 'kubeconfigs', `${cluster}.yaml`),
    cluster: cluster => join(root, 'clusters', cluster),
  };
}
