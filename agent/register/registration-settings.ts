import { ClusternetError } from '../../api/errors.ts';
import { namespaces, secretKeys, secretNames } from '../../api/well-known.ts';
import { builtin } from '../../kube/builtin.ts';
import type { KubeClient } from '../../kube/client.ts';

/** How to reach the parent before there is a credential; what is missing may come later. */
export interface RegistrationSettings {
  /** Without a slash at its end. */
  readonly parentURL?: string | undefined;
  readonly token?: string | undefined;
  /** PEM; absent means the certificates this machine trusts. */
  readonly caBundle?: string | undefined;
}

/** What a cluster that registers itself asks for. */
export interface ClusterRequest {
  readonly clusterName: string;
  readonly clusterNamespace?: string | undefined;
  readonly clusterType: string;
  readonly clusterLabels: Readonly<Record<string, string>>;
  readonly syncMode: 'Push' | 'Pull' | 'Dual';
}

const key = { namespace: namespaces.system, name: secretNames.clusterRegistration };

/**
 * The flags' settings, completed from Secret clusternet-agent-cluster-registration. The Secret is read anew each
 * time, because its token is replaced when an earlier one was of no use.
 */
export async function readRegistrationSettings(
  child: KubeClient,
  flags: RegistrationSettings,
  signal: AbortSignal,
): Promise<RegistrationSettings> {
  const secret = await child.find(builtin.secrets, key, signal);
  const read = (name: string) =>
    Buffer.from(secret?.data?.[name] ?? '', 'base64')
      .toString()
      .trim() || undefined;
  return {
    parentURL: (flags.parentURL ?? read(secretKeys.parentURL))?.replace(/\/+$/, ''),
    token: flags.token ?? read(secretKeys.registrationToken),
    caBundle: flags.caBundle ?? read(secretKeys.caCertificate),
  };
}

/** The settings when they suffice to join; otherwise throws saying what to set where. */
export function requireSettings(settings: RegistrationSettings) {
  const { parentURL, token, caBundle } = settings;
  const secret = `Secret ${namespaces.system}/${secretNames.clusterRegistration}`;
  if (!parentURL) {
    throw noParent(
      `no parent URL: set key ${secretKeys.parentURL} of ${secret} or flag --cluster-reg-parent-url`,
    );
  }
  if (!URL.canParse(parentURL) || !parentURL.startsWith('https://')) {
    throw noParent(`parent URL "${parentURL}" must be a URL that begins with https://`);
  }
  if (!token) {
    throw noParent(`no bootstrap token: set key ${secretKeys.registrationToken} of ${secret}`);
  }
  return { parentURL, token, caBundle };
}

function noParent(message: string): ClusternetError {
  return new ClusternetError('CN_AGENT_NO_PARENT', message);
}
