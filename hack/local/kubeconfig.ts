import { stringify } from 'yaml';

/** What a kubeconfig with one context says. Without client certificate it carries no credential. */
export interface KubeconfigContent {
  readonly clusterName: string;
  readonly server: string;
  /** PEM. */
  readonly caBundle: string;
  readonly user?: { readonly name: string; readonly certificate: string; readonly key: string };
}

/** The kubeconfig as YAML, everything embedded. */
export function formatKubeconfig({
  clusterName,
  server,
  caBundle,
  user,
}: KubeconfigContent): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: clusterName,
        cluster: { server, 'certificate-authority-data': base64(caBundle) },
      },
    ],
    ...(user && {
      users: [
        {
          name: user.name,
          user: {
            'client-certificate-data': base64(user.certificate),
            'client-key-data': base64(user.key),
          },
        },
      ],
      contexts: [{ name: clusterName, context: { cluster: clusterName, user: user.name } }],
      'current-context': clusterName,
    }),
  });
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
