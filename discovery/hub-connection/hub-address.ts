import { parse } from 'yaml';
import type { HubConnection } from '../../api/discovery/hub-connection.ts';
import type { ConfigMap } from '../../kube/builtin-kinds.ts';
import { listAt, textAt } from '../capi/fields.ts';

/** How the parent is reached by its children. CA certificates are PEM. */
export interface HubAddress {
  readonly server: string;
  readonly ca: string;
}

export type HubAddressVerdict =
  | { readonly address: HubAddress }
  | {
      readonly address?: never;
      readonly reason: 'URLUnknown' | 'CAUnknown' | 'ProxyNotSupported';
      readonly message: string;
    };

/** Where the address of the parent may come from, most telling first. */
export interface AddressSources {
  readonly connection: HubConnection | undefined;
  /** Variable CLUSTERNET_PARENT_URL. */
  readonly parentURL: string | undefined;
  /** ConfigMap kube-public/cluster-info, where the cluster has one. */
  readonly clusterInfo: ConfigMap | undefined;
  /** The CA (PEM) by which we ourselves verify the parent. */
  readonly ownCA: string | undefined;
}

/** Where children find the parent, or what is missing and the command that sets it. */
export function resolveHubAddress(sources: AddressSources): HubAddressVerdict {
  const { connection, parentURL, clusterInfo, ownCA } = sources;
  const spec = connection?.spec ?? {};
  const published = readClusterInfo(clusterInfo);
  const server = spec.childServer || spec.server || parentURL || published?.server;
  if (!server) return urlUnknown;
  if (spec.childProxyURL)
    return {
      reason: 'ProxyNotSupported',
      message: 'agents cannot use a proxy yet; unset spec.childProxyURL of HubConnection default',
    };
  const field = spec.childCABundle ? 'childCABundle' : 'caBundle';
  const given = decode(spec[field]);
  if (given !== undefined && !given.includes('-----BEGIN CERTIFICATE-----'))
    return {
      reason: 'CAUnknown',
      message: `spec.${field} of HubConnection default holds no PEM certificate; set it to the base64 of one, or unset it`,
    };
  const ca = given ?? published?.ca ?? ownCA;
  if (ca === undefined)
    return {
      reason: 'CAUnknown',
      message: `nothing says by which CA children verify ${server}; set spec.caBundle of HubConnection default`,
    };
  return { address: { server, ca } };
}

const urlUnknown: HubAddressVerdict = {
  reason: 'URLUnknown',
  message: `nothing says how children reach this parent; set it: kubectl patch hubconnection default --type merge -p '{"spec":{"childServer":"https://<parent>:6443"}}'`,
};

/** The cluster-info that kubeadm publishes: a kubeconfig without credentials. */
function readClusterInfo(
  configMap: ConfigMap | undefined,
): { server: string; ca: string | undefined } | undefined {
  const text = configMap?.data?.kubeconfig;
  if (text === undefined) return undefined;
  let kubeconfig: unknown;
  try {
    kubeconfig = parse(text, { maxAliasCount: 0, logLevel: 'error' });
  } catch {
    return undefined;
  }
  const [cluster] = listAt(kubeconfig, 'clusters');
  const server = textAt(cluster, 'cluster', 'server');
  if (server === undefined) return undefined;
  return { server, ca: decode(textAt(cluster, 'cluster', 'certificate-authority-data')) };
}

function decode(base64: string | undefined): string | undefined {
  return base64 ? Buffer.from(base64, 'base64').toString('utf8') : undefined;
}
