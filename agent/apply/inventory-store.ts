import { creators, labels, namespaces } from '../../api/well-known.ts';
import { builtin } from '../../kube/builtin.ts';
import type { ConfigMap } from '../../kube/builtin-kinds.ts';
import type { KubeClient } from '../../kube/client.ts';
import { formatInventory, type Inventory, parseInventory } from './inventory.ts';

const dataKey = 'objects';

/** Keeps each Description's inventory in a ConfigMap of the child, `clusternet-system/applied-<description uid>`. */
export class InventoryStore {
  readonly #child: KubeClient;
  /** What is stored, by Description UID. All of it is read at once: in its term the leader alone writes inventories. */
  readonly #stored = new Map<string, string>();
  /** UIDs whose last write may or may not have reached the server. */
  readonly #unsure = new Set<string>();
  #loading: Promise<void> | undefined;

  constructor(child: KubeClient) {
    this.#child = child;
  }

  async read(descriptionUid: string, signal: AbortSignal): Promise<Inventory> {
    await this.#load(signal);
    if (this.#unsure.has(descriptionUid)) await this.#readAgain(descriptionUid, signal);
    return parseInventory(this.#stored.get(descriptionUid) ?? '');
  }

  async write(
    descriptionUid: string,
    owner: string,
    inventory: Inventory,
    signal: AbortSignal,
  ): Promise<void> {
    const text = formatInventory(inventory);
    const isStored = this.#stored.get(descriptionUid) === text;
    if (isStored && !this.#unsure.has(descriptionUid)) return;
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
    this.#unsure.add(descriptionUid);
    await this.#child.apply(builtin.configMaps, configMap, options, signal);
    this.#know(descriptionUid, text);
  }

  #load(signal: AbortSignal): Promise<void> {
    this.#loading ??= this.#readAll(signal).catch((error: unknown) => {
      this.#loading = undefined;
      throw error;
    });
    return this.#loading;
  }

  async #readAll(signal: AbortSignal): Promise<void> {
    const selection = { namespace: namespaces.system, labelSelector: labels.descriptionUid };
    const configMaps = await this.#child.listAll(builtin.configMaps, selection, signal);
    for (const { metadata, data } of configMaps) {
      const uid = metadata.labels?.[labels.descriptionUid] ?? '';
      if (metadata.name === keyOf(uid).name) this.#stored.set(uid, data?.[dataKey] ?? '');
    }
  }

  async #readAgain(descriptionUid: string, signal: AbortSignal): Promise<void> {
    const found = await this.#child.find(builtin.configMaps, keyOf(descriptionUid), signal);
    this.#know(descriptionUid, found?.data?.[dataKey] ?? '');
  }

  #know(descriptionUid: string, text: string): void {
    this.#stored.set(descriptionUid, text);
    this.#unsure.delete(descriptionUid);
  }

  async remove(descriptionUid: string, signal: AbortSignal): Promise<void> {
    await this.#child.delete(builtin.configMaps, keyOf(descriptionUid), {}, signal);
    this.#know(descriptionUid, '');
    this.#stored.delete(descriptionUid);
  }
}

/** For people who read a ConfigMap: whose inventory it is. */
const ownerAnnotation = 'apps.clusternet.io/inventory-of';

function keyOf(descriptionUid: string) {
  return { namespace: namespaces.system, name: `applied-${descriptionUid}` };
}
