import { namesFor, namespaces } from '../api/well-known.ts';
import { builtin } from '../kube/builtin.ts';
import { eventually } from '../test/eventually.ts';
import type { TestBed } from './test-bed.ts';

/** How often each cluster's tunnel has been opened, as its Lease in the parent says. */
export type Epochs = ReadonlyMap<string, number>;

export async function tunnelEpochs(bed: TestBed, clusters: readonly string[]): Promise<Epochs> {
  const parent = await bed.client('parent');
  const epochs = clusters.map(async cluster => {
    const { id } = await bed.joined(cluster);
    const key = { namespace: namespaces.system, name: namesFor.tunnelLease(id) };
    const { spec } = await parent.get(builtin.leases, key);
    return [cluster, spec?.leaseTransitions ?? 0] as const;
  });
  return new Map(await Promise.all(epochs));
}

/** Waits until each of these tunnels has been opened anew; the deadline counts from `since` (performance.now()). */
export async function reconnected(
  bed: TestBed,
  before: Epochs,
  since: number,
  withinMs: number,
): Promise<void> {
  const clusters = [...before.keys()];
  await eventually(
    async () => {
      const now = await tunnelEpochs(bed, clusters);
      const missing = clusters.filter(each => (now.get(each) ?? 0) <= (before.get(each) ?? 0));
      if (missing.length > 0) throw new Error(`${missing.join(', ')} not yet`);
      return true;
    },
    {
      withinMs: withinMs - (performance.now() - since),
      describe: `tunnels of ${clusters.join(', ')} are back`,
    },
  );
}
