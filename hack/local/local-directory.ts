import { join } from 'node:path';

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
  /** The administrator's kubeconfig of a cluster. */
  kubeconfig(cluster: string): string;
  /** Data and certificates of a cluster. */
  cluster(cluster: string): string;
}

/** The test bed of this checkout: `.local`, or CLUSTERNET_LOCAL_DIR for one more beside it. */
export function localDirectory(
  root = process.env.CLUSTERNET_LOCAL_DIR || join(import.meta.dirname, '../../.local'),
): LocalDirectory {
  return {
    root,
    state: join(root, 'state.json'),
    processes: join(root, 'processes'),
    logs: join(root, 'logs'),
    build: join(root, 'build'),
    clusterctl: join(root, 'clusterctl'),
    kubeconfig: cluster => join(root, 'kubeconfigs', `${cluster}.yaml`),
    cluster: cluster => join(root, 'clusters', cluster),
  };
}
