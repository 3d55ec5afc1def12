import type { FakeNode } from '../fake-node.ts';
import type { WorkerGroup } from './local-cluster.ts';

/** The nodes of the groups: `<cluster>-<group>-1` and so on, so that scaling down takes the highest numbers. */
export function workerNodes(cluster: string, groups: readonly WorkerGroup[] = []): FakeNode[] {
  return groups.flatMap(({ name, replicas, labels = {} }) =>
    Array.from({ length: replicas }, (_, index) => ({
      name: `${cluster}-${name}-${index + 1}`,
      labels,
    })),
  );
}
