import type { KubeObject } from '../api/kube-object.ts';
import type { KubeClient } from '../kube/client.ts';
import { ResourceDiscovery } from '../kube/resource-discovery.ts';
import { eventually } from '../test/eventually.ts';

/** What others need first, as kubectl and clusterctl order it too. */
const first = ['Namespace', 'CustomResourceDefinition', 'ServiceAccount'];

/** Applies objects of any kind, waiting for kinds that are only being defined. */
export async function applyObjects(
  client: KubeClient,
  objects: readonly KubeObject[],
  signal: AbortSignal,
): Promise<void> {
  const discovery = new ResourceDiscovery(client);
  const rank = ({ kind }: KubeObject) => first.indexOf(kind) >>> 0;
  for (const object of objects.toSorted((a, b) => rank(a) - rank(b))) {
    await eventually(
      async () => {
        const resource = await discovery.resourceFor(object, signal);
        if (resource === undefined) return undefined;
        return client.apply(resource, object, { fieldManager: 'test' }, signal);
      },
      { withinMs: 20_000, describe: `apply ${object.kind} ${object.metadata.name}` },
    );
  }
}
