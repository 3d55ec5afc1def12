import type { DynamicObject } from '../../api/kube-object.ts';
import type { Resource } from '../../api/resource.ts';
import { annotations, labels } from '../../api/well-known.ts';
import { isConflict, isNotFound } from '../../kube/api-error.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { ResourceDiscovery } from '../../kube/resource-discovery.ts';
import { judgeFarewell } from './claim.ts';
import type { InventoryEntry } from './inventory.ts';

/** Parts with objects that are no longer wanted, as the deployer. */
export class ObjectRemover {
  readonly #client: KubeClient;
  readonly #discovery: ResourceDiscovery;

  constructor(client: KubeClient, discovery: ResourceDiscovery) {
    this.#client = client;
    this.#discovery = discovery;
  }

  /**
   * One step towards the object being gone from Description `owner`; true once it is. `keep` lets go of it without
   * deleting it. Exactly what was looked at is deleted: nothing that has changed hands or come anew in between.
   */
  async remove(
    entry: InventoryEntry,
    owner: string,
    keep: boolean,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { kind, namespace, name } = entry;
    const apiVersion = entry.group === '' ? entry.version : `${entry.group}/${entry.version}`;
    const resource = await this.#discovery.resourceFor({ apiVersion, kind }, signal);
    // The definition of the kind is gone, and with it every object of the kind.
    if (resource === undefined) return true;
    const live = await this.#client.find(resource, { namespace, name }, signal);
    const farewell = judgeFarewell(entry, live, owner);
    if (farewell === 'gone' || farewell === 'leave' || live === undefined) return true;
    if (farewell === 'release' || keep) {
      await this.#release(resource, live as DynamicObject, signal);
      return true;
    }
    await this.#delete(resource, live as DynamicObject, signal);
    const left = await this.#client.find(resource, { namespace, name }, signal);
    return left?.metadata.uid !== live.metadata.uid;
  }

  async #delete(resource: Resource, live: DynamicObject, signal: AbortSignal): Promise<void> {
    const { namespace, name = '', uid, resourceVersion, deletionTimestamp } = live.metadata;
    if (deletionTimestamp !== undefined) return;
    const options = { uid, resourceVersion, propagationPolicy: 'Background' } as const;
    try {
      await this.#client.delete(resource, { namespace, name }, options, signal);
    } catch (error) {
      // It has changed since we looked; the next look decides anew.
      if (!isConflict(error)) throw error;
    }
  }

  async #release(resource: Resource, live: DynamicObject, signal: AbortSignal): Promise<void> {
    const { namespace, name = '', uid } = live.metadata;
    const metadata = {
      uid,
      labels: { [labels.descriptionUid]: null },
      annotations: { [annotations.ownedByDescription]: null, [annotations.foundInPlace]: null },
    };
    const patch = { type: 'merge', body: { metadata } } as const;
    try {
      await this.#client.patch(resource, { namespace, name }, patch, {}, signal);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}
