import { creators, labels, namespaces, secretKeys, secretNames } from '../../api/well-known.ts';
import { builtin } from '../../kube/builtin.ts';
import type { Secret } from '../../kube/builtin-kinds.ts';
import type { KubeClient } from '../../kube/client.ts';
import { Blocked } from './blocked.ts';

/** `ours`: install or go on. `adopted`: somebody installed it by hand for this parent, and it is left alone. */
export type ExistingAgent = 'ours' | 'adopted';

export interface FoundAgent {
  /** The Secret by which an agent registers. */
  readonly registration: Secret | undefined;
  /** The Secret in which an agent keeps its credential for its parent. */
  readonly credential: Secret | undefined;
}

/** Looks for an agent that is already in the cluster. */
export async function findAgent(child: KubeClient, signal: AbortSignal): Promise<FoundAgent> {
  const namespace = namespaces.system;
  const [registration, credential] = await Promise.all([
    child.find(builtin.secrets, { namespace, name: secretNames.clusterRegistration }, signal),
    child.find(builtin.secrets, { namespace, name: secretNames.parentCluster }, signal),
  ]);
  return { registration, credential };
}

/** Judges an agent that is already there; throws Blocked when it belongs to another parent and nobody allowed us to take it over. */
export function judgeAgent(
  { registration, credential }: FoundAgent,
  parentURL: string,
  takeover: 'Adopt' | 'Force' | undefined,
): ExistingAgent {
  if (registration?.metadata.labels?.[labels.createdBy] === creators.discovery) return 'ours';
  const other =
    read(credential, secretKeys.advertiseURL) ?? read(registration, secretKeys.parentURL);
  if (other === undefined) return 'ours';
  if (sameServer(other, parentURL)) return takeover === undefined ? 'adopted' : 'ours';
  if (takeover === 'Force') return 'ours';
  throw Blocked.by(
    'AgentApplied',
    'ForeignAgent',
    `an agent in the cluster belongs to another parent (${other}); to take it over set spec.takeover: Force`,
    'refusal',
  );
}

function read(secret: Secret | undefined, key: string): string | undefined {
  const value = secret?.data?.[key];
  return value ? Buffer.from(value, 'base64').toString('utf8').trim() : undefined;
}

function sameServer(a: string, b: string): boolean {
  if (!URL.canParse(a) || !URL.canParse(b)) return a === b;
  return new URL(a).href === new URL(b).href;
}
