import { setCondition } from '../../api/conditions.ts';
import {
  type ClusterDiscoveryPolicy,
  clusterDiscoveryPolicies,
} from '../../api/discovery/cluster-discovery-policy.ts';
import type { Condition } from '../../api/kube-object.ts';
import { apiVersionOf } from '../../api/resource.ts';
import { annotations, creators } from '../../api/well-known.ts';
import type { Controller } from '../../reconcile/controller.ts';
import { keyOf } from '../../reconcile/key.ts';
import type { Runtime } from '../../reconcile/runtime.ts';
import { type Source, watchObjects } from '../../reconcile/source.ts';
import { patchStatus } from '../../reconcile/status-patch.ts';
import type { DiscoveryInformers } from '../join/discovery-informers.ts';
import { isConfirmed, type Removals } from '../join/removals.ts';
import type { ClusterWatch } from './cluster-watch.ts';
import { selectorErrors } from './selection.ts';
import type { ServedVersion } from './served-version.ts';

/** The policy that discovery makes at its start where there is none. */
export function defaultPolicy(mode: 'All' | 'OptIn'): ClusterDiscoveryPolicy {
  return {
    apiVersion: apiVersionOf(clusterDiscoveryPolicies),
    kind: clusterDiscoveryPolicies.kind,
    metadata: { name: 'default' },
    spec: { mode },
  };
}

/** Tells on each policy whether it can be followed: its selectors, Cluster API, and removals that the guard holds. */
export function policyController(
  { client, clock }: Runtime,
  { policies, discovered }: DiscoveryInformers,
  clusters: ClusterWatch,
  removals: Removals,
): Controller {
  const all = () => policies.list().map(keyOf);
  return {
    name: 'cluster-discovery-policy',
    concurrency: 1,
    sources: [
      watchObjects(policies),
      watchObjects(discovered, { enqueue: ({ object }) => policyOf(object.spec.policyRef) }),
      whenAvailabilityChanges(clusters, all),
    ],
    async reconcile(name, signal) {
      const policy = policies.get({ name });
      if (policy === undefined) return;
      const held = isConfirmed(policy) ? 0 : removals.held(name).length;
      const conditions = [
        validity(policy),
        availability(clusters.served),
        massChange(policy, held),
      ].reduce<readonly Condition[]>(
        (list, condition) =>
          setCondition(
            list,
            { ...condition, observedGeneration: policy.metadata.generation ?? 0 },
            clock.now(),
          ),
        policy.status?.conditions ?? [],
      );
      const manager = { fieldManager: creators.discovery };
      await patchStatus(client, clusterDiscoveryPolicies, policy, { conditions }, manager, signal);
    },
  };
}

type Verdict = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

function validity(policy: ClusterDiscoveryPolicy): Verdict {
  const errors = selectorErrors(policy);
  if (errors.length === 0)
    return { type: 'Valid', status: 'True', reason: 'Valid', message: 'the policy is followed' };
  const message = `${errors.join('; ')}; until this is corrected it selects nothing new and drops nothing`;
  return { type: 'Valid', status: 'False', reason: 'InvalidSelector', message };
}

function availability(served: ServedVersion): Verdict {
  const type = 'CAPIAvailable';
  if (served.version === undefined)
    return { type, status: 'False', reason: served.reason, message: served.message };
  const message = `Clusters are read as cluster.x-k8s.io/${served.version}`;
  return { type, status: 'True', reason: 'Served', message };
}

function massChange({ metadata }: ClusterDiscoveryPolicy, held: number): Verdict {
  const type = 'MassChange';
  if (held === 0)
    return { type, status: 'False', reason: 'WithinLimit', message: 'no removal is held' };
  const command = `kubectl annotate --overwrite clusterdiscoverypolicy ${metadata.name} ${annotations.confirmMassChange}=${metadata.generation}`;
  const message = `the removal of ${held} more clusters is held, because nobody deleted them and so many go at once; if it is meant: ${command}`;
  return { type, status: 'True', reason: 'Held', message };
}

function policyOf(reference: { readonly name: string } | undefined): readonly string[] {
  return reference === undefined ? [] : [reference.name];
}

/** Feeds all keys whenever Cluster API comes or goes. */
export function whenAvailabilityChanges(
  clusters: ClusterWatch,
  keys: () => readonly string[],
): Source {
  return {
    synced: () => clusters.synced(),
    start: enqueue =>
      clusters.onAvailability(() => {
        for (const key of keys()) enqueue(key, false);
      }),
  };
}
