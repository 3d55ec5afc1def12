import { creators, labels, namespaces } from '../../api/well-known.ts';
import { builtin } from '../../kube/builtin.ts';
import type { ConfigMap } from '../../kube/builtin-kinds.ts';
import type { KubeClient } from '../../kube/client.ts';
import { formatInventory, type Inventory, parseInventory } from './inventory.ts';

const dataKey = 'objects';

/** Keeps each Description's inventory in a ConfigMap of the child, `clusternet-system/applied-<description uid>`. */
export class InventoryStore {
  readonly #child: KubeClient;
  /** What is stored, as far as we know; nobody else writes it. */
  readonly #known = new Map<string, string>();

  constructor(child: KubeClient) {
    this.#child = child;
  }

  async read(descriptionUid: string, signal: AbortSignal): Promise<Inventory> {
    let text = this.#known.get(descriptionUid);
    if (text === undefined) {
      const stored = await this.#child.find(builtin.configMaps, keyOf(descriptionUid), signal);
      text = stored?.data?.[dataKey] ?? '';
      this.#known.set(descriptionUid, text);
    }
    return parseInventory(text);
  }

  async write(
    descriptionUid: string,
    owner: string,
    inventory: Inventory,
    signal: AbortSignal,
  ): Promise<void> {
    const text = formatInventory(inventory);
    if (this.#known.get(descriptionUid) === text) return;
    const configMap: ConfigMap = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        ...keyOf(descriptionUid),
        labels: { [labels.createdBy]: creators.agent, [labels.descriptionUid]: descriptionUid },
        annotations: { [ownerAnnotation]: owner },
      },
      data: { [dataKey]: text },
    };
    const options = { fieldManager: creators.agent, force: true };
    this.#known.delete(descriptionUid);
    await this.#child.apply(builtin.configMaps, configMap, options, signal);
    this.#known.set(descriptionUid, text);
  }

  async remove(descriptionUid: string, signal: AbortSignal): Promise<void> {
    await this.#child.delete(builtin.configMaps, keyOf(descriptionUid), {}, signal);
    this.#known.delete(descriptionUid);
  }
}

/** For people who read a ConfigMap: whose inventory it is. */
const ownerAnnotation = 'apps.clusternet.io/inventory-of';

function keyOf(descriptionUid: string) {
  return { namespace: namespaces.system, name: `applied-${descriptionUid}` };
}
