import { type ManagedCluster, managedClusters } from '../../api/clusters/managed-cluster.ts';
import { findCondition, setCondition } from '../../api/conditions.ts';
import type { Condition } from '../../api/kube-object.ts';
import { acceptNodeLabels } from '../../api/node-labels.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Controller } from '../../reconcile/controller.ts';
import type { Informer } from '../../reconcile/informer.ts';
import { splitKey } from '../../reconcile/key.ts';
import type { Runtime } from '../../reconcile/runtime.ts';
import { watchObjects } from '../../reconcile/source.ts';
import { patchStatus } from '../../reconcile/status-patch.ts';
import { applyOwnedLabels } from '../owned-labels.ts';

const fieldManager = 'clusternet-labels';
const conditionType = 'LabelsAccepted';
/** How many refused labels a condition names; the rest is counted. */
const maxNamed = 10;

/**
 * Puts the node labels that agents report on their ManagedClusters, so that Subscriptions can select by them. Only keys under the allowed
 * prefixes are taken: a child must not be able to give itself any label it likes. What an agent no longer reports is taken away again;
 * an agent that has not reported at all changes nothing.
 */
export function nodeLabelController(
  { client, clock }: Runtime,
  clusters: Informer<ManagedCluster>,
  prefixes: readonly string[],
): Controller {
  return {
    name: 'node-labels',
    sources: [watchObjects(clusters)],
    async reconcile(key, signal) {
      const cluster = clusters.get(splitKey(key));
      const reported = cluster?.status?.nodeLabels;
      if (cluster === undefined || reported === undefined) return;
      if (cluster.metadata.deletionTimestamp !== undefined) return;
      const { accepted, refused } = acceptNodeLabels(reported, prefixes);
      const conflicts = await applyOwnedLabels(
        client,
        managedClusters,
        cluster,
        accepted,
        { fieldManager },
        signal,
      );
      const problems = [
        ...refused,
        ...conflicts.map(each => `${each}: somebody else has set it to another value`),
      ];
      await tell(client, cluster, problems, clock.now(), signal);
    },
  };
}

/** A cluster whose labels are all fine needs no condition, unless it had a bad one. */
async function tell(
  client: KubeClient,
  cluster: ManagedCluster,
  problems: readonly string[],
  now: Date,
  signal: AbortSignal,
): Promise<void> {
  const before = cluster.status?.conditions ?? [];
  if (problems.length === 0 && findCondition(before, conditionType) === undefined) return;
  const conditions = setCondition(before, verdict(problems), now);
  const status = { ...cluster.status, conditions };
  await patchStatus(client, managedClusters, cluster, status, { fieldManager }, signal);
}

function verdict(problems: readonly string[]): Omit<Condition, 'lastTransitionTime'> {
  const type = conditionType;
  if (problems.length === 0) {
    const message = 'every label that the agent reports is on the ManagedCluster';
    return { type, status: 'True', reason: 'Accepted', message };
  }
  const named = problems.slice(0, maxNamed).join('; ');
  const more = problems.length > maxNamed ? `; and ${problems.length - maxNamed} more` : '';
  return { type, status: 'False', reason: 'Refused', message: named + more };
}
