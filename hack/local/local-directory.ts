import { join } from 'node:path';

/** Where the test bed of a checkout keeps its files: everything is below `.local`, which `npm run down` removes. */
export interface LocalDirectory {
  readonly root: string;
  /** What runs, for `status`, `up` and `down`. */
  readonly state: string;
  /** A record per process. */
  readonly processes: string;
  readonly logs: string;
  /** The administrator's kubeconfig of a cluster. */
  kubeconfig(cluster: string): string;
  /** Data and certificates of a cluster. */
  cluster(cluster: string): string;
}

/** The test bed's directory of a checkout, by default of this one. */
export function localDirectory(checkout = join(import.meta.dirname, '../..')): LocalDirectory {
  const root = join(checkout, '.local');
  return {
    root,
    state: join(root, 'state.json'),
    processes: join(root, 'processes'),
    logs: join(root, 'logs'),
    kubeconfig: cluster => join(root, 'kubeconfigs', `${cluster}.yaml`),
    cluster: cluster => join(root, 'clusters', cluster),
  };
}
