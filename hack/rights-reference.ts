import { agentIdentity, workloadGrants } from '../manifests/agent.ts';
import {
  bootstrapGrants,
  childGrants,
  proxyImpersonatorGrants,
  proxyUserGrants,
} from '../manifests/child-access.ts';
import { discoveryIdentity } from '../manifests/discovery.ts';
import type { Grant } from '../manifests/grant.ts';
import { hubIdentity } from '../manifests/hub.ts';
import type { Identity } from '../manifests/identity.ts';
import { schedulerIdentity } from '../manifests/scheduler.ts';

/** docs/reference/rbac.md: who may do what and why, from the same grants the manifests are made of. */
export function rightsReference(): string {
  return [
    '# Who may do what',
    'Every right that the manifests give, with its reason. Generated from `manifests/` by `hack/generate.ts`. Do not edit.',
    'Verbs, groups and resources are enumerated: nobody has a wildcard, and nobody may `escalate`. A name in the third column limits the right to objects of that name.',
    '## In the parent',
    ...identity('The hub', hubIdentity),
    ...identity('The scheduler', schedulerIdentity),
    ...identity('Discovery', discoveryIdentity),
    ...childSections(),
    '## In a child',
    ...identity('The agent', agentIdentity),
    '### What the agent applies with',
    'The agent applies with a token of ServiceAccount `clusternet-app-deployer`, never as itself. `spec.agent.deployerRole` of the ClusterDiscoveryPolicy decides what that account may do: `ClusterAdmin` (the default for children), `Workloads` (the default for the parent as its own child), or the name of a ClusterRole in the child. `Workloads` is this, and every ClusterRole with the label `clusternet.io/aggregate-to-app-deployer: "true"` adds to it:',
    table(workloadGrants),
    '',
  ].join('\n\n');
}

function childSections(): readonly string[] {
  return [
    '### A child',
    'ServiceAccount `clusternet-child` of a dedicated namespace, in that namespace only (ClusterRole `clusternet-system-child`, bound by the hub):',
    table(childGrants),
    'In the whole parent it has ClusterRole `clusternet-system-child-<cluster id>`, which the hub makes: `get` on `sockets/attach`, `create` on `sockets/credential` and `get` on its ClusterRegistrationRequest, each for its own id only. While it joins, ServiceAccount `clusternet-bootstrap` has the same without `sockets/attach`.',
    '### A cluster that registers by a bootstrap token',
    'Group `system:bootstrappers:clusternet:register-cluster-token`, for clusters that are joined by hand:',
    table(bootstrapGrants),
    '### A user who visits a child',
    "Whoever is given `sockets/proxy` with the name of a cluster id reaches that child as far as the child's own credential goes. The user `clusternet` reaches every child so:",
    table(proxyUserGrants),
    'Being the user `clusternet` takes ClusterRole `clusternet-system-proxy-impersonator`, which is bound to nobody:',
    table(proxyImpersonatorGrants),
  ];
}

function identity(title: string, { name, everywhere, atHome }: Identity): readonly string[] {
  return [
    `### ${title}`,
    `ServiceAccount \`clusternet-system/${name}\`, in the whole cluster:`,
    table(everywhere),
    'In namespace `clusternet-system`:',
    table(atHome),
  ];
}

function table(grants: readonly Grant[]): string {
  const rows = grants.map(({ verbs, group, resources, names = [], why }) => {
    const on = resources.map(resource => qualified(resource, group));
    return [words(verbs), words(on), words(names), why];
  });
  const all = [['may', 'on', 'named', 'why'], ['---', '---', '---', '---'], ...rows];
  return all.map(cells => `| ${cells.join(' | ')} |`).join('\n');
}

function words(all: readonly string[]): string {
  return all.map(word => `\`${word}\``).join(', ');
}

/** As kubectl writes it: `subscriptions.apps.clusternet.io/status`. */
function qualified(resource: string, group: string): string {
  const [plural, ...subresource] = resource.split('/');
  return [group === '' ? plural : `${plural}.${group}`, ...subresource].join('/');
}
