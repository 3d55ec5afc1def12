import { writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import type { ClusterAccess } from '../kube/cluster-access.ts';

/** Who asks, in the fields of a kubeconfig's user: nobody, the holder of a token, or of a client certificate. */
export interface Caller {
  /** `system:anonymous` says that he has no credential, and keeps kubectl from asking for one. */
  readonly username?: string;
  readonly token?: string;
  /** Base64 of PEM, as is the key. */
  readonly 'client-certificate-data'?: string;
  readonly 'client-key-data'?: string;
}

/** As whom the child is reached: extras of user `clusternet`, such as `clusternet-token`. */
export type ChildCredential = Readonly<Record<`clusternet-${string}`, string>>;

/**
 * Writes a kubeconfig in the shape Clusternet has always documented: the server is the parent's path to the child, the user is
 * somebody in the parent and, with a child credential, acts as `clusternet` who carries it along.
 */
export async function writeChildKubeconfig(
  path: string,
  parent: ClusterAccess,
  clusterId: string,
  caller: Caller,
  credential?: ChildCredential,
): Promise<string> {
  const carried = Object.entries(credential ?? {}).map(([key, value]) => [key, [value]]);
  const as = credential && { as: 'clusternet', 'as-user-extra': Object.fromEntries(carried) };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'child',
        cluster: {
          server: new URL(proxyPath(clusterId), parent.server).href,
          'certificate-authority-data': Buffer.from(parent.tls.ca ?? '').toString('base64'),
        },
      },
    ],
    users: [{ name: 'visitor', user: { ...caller, ...as } }],
    contexts: [{ name: 'child', context: { cluster: 'child', user: 'visitor' } }],
    'current-context': 'child',
  };
  await writeFile(path, stringify(config), { mode: 0o600 });
  return path;
}

/** Where in the parent the API server of a child is reached. */
export function proxyPath(clusterId: string): string {
  return `/apis/proxies.clusternet.io/v1alpha1/sockets/${clusterId}/proxy/direct`;
}
