import { createHash } from 'node:crypto';
import type { AgentTemplate } from '../../api/discovery/cluster-discovery-policy.ts';
import type { KubeObject } from '../../api/kube-object.ts';
import { creators, labels, namespaces, secretNames } from '../../api/well-known.ts';
import { agentObjects } from '../../manifests/agent.ts';
import type { HubAddress } from '../hub-connection/hub-address.ts';

const prefixFlag = '--labels-aggregate-prefix';

/** The agent of one cluster as it shall be. */
export interface AgentManifest {
  /** Everything but the Secret with the token. */
  readonly objects: readonly KubeObject[];
  /** The Secret by which the agent registers. */
  registration(token: string): KubeObject;
  /** Changes whenever anything but the token does. */
  readonly hash: string;
}

/** What the agent of a cluster is made from. */
export interface AgentPlan {
  readonly template: AgentTemplate;
  readonly hub: HubAddress;
  /** The image that discovery itself runs: where the policy names none, the agent is in the same one. */
  readonly ownImage: string;
  /** Beginnings of the node labels that the agent reports. */
  readonly nodeLabelPrefixes: readonly string[];
}

export function agentManifest(plan: AgentPlan): AgentManifest {
  const options = optionsOf(plan);
  const render = (bootstrapToken: string): readonly KubeObject[] =>
    agentObjects({ ...options, bootstrapToken }).map(markAsOurs);
  const all = render('');
  return {
    objects: all.filter(object => !isRegistration(object)),
    registration: token => findRegistration(render(token)),
    hash: createHash('sha256').update(JSON.stringify(all)).digest('hex').slice(0, 32),
  };
}

function optionsOf({ template, hub, ownImage, nodeLabelPrefixes }: AgentPlan) {
  const { replicas = 1, deployerRole = 'ClusterAdmin', extraArgs = [] } = template;
  const namesPrefixes = extraArgs.some(arg => arg.startsWith(prefixFlag));
  const prefixes = namesPrefixes ? [] : nodeLabelPrefixes.map(each => `${prefixFlag}=${each}`);
  return {
    ...template,
    namespace: namespaces.system,
    image: template.image || ownImage,
    replicas,
    deployerRole,
    extraArgs: [...prefixes, ...extraArgs],
    parentURL: hub.server,
    caBundle: hub.ca,
  };
}

/** By this label a later discovery, or one after a move, tells our agent from one that somebody installed by hand. */
function markAsOurs(object: KubeObject): KubeObject {
  const { metadata } = object;
  return {
    ...object,
    metadata: {
      ...metadata,
      labels: { ...metadata.labels, [labels.createdBy]: creators.discovery },
    },
  };
}

function findRegistration(objects: readonly KubeObject[]): KubeObject {
  const secret = objects.find(isRegistration);
  if (secret === undefined)
    throw new Error(`the agent's manifest has no Secret ${secretNames.clusterRegistration}`);
  return secret;
}

function isRegistration({ kind, metadata }: KubeObject): boolean {
  return kind === 'Secret' && metadata.name === secretNames.clusterRegistration;
}
