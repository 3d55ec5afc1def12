import type { DynamicObject } from '../../api/kube-object.ts';
import type { Resource } from '../../api/resource.ts';
import { annotations, creators } from '../../api/well-known.ts';
import type { CustomResourceDefinition } from '../../kube/builtin-kinds.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { ResourceDiscovery } from '../../kube/resource-discovery.ts';
import { sleep } from '../../kube/sleep.ts';
import type { ChildObjects } from './child-objects.ts';
import { groupOf } from './object-id.ts';
import { type ObservedObject, observe } from './observed-object.ts';
import { handOverFields } from './upstream-fields.ts';

/** Where an object lives and as what it is applied there. */
export interface PlacedObject {
  readonly resource: Resource;
  readonly object: DynamicObject;
}

/** How long a kind that a definition has just brought may take to be served. */
const kindWithinMs = 10_000;

/** Looks at and applies single objects in the child, as the deployer. */
export class ObjectApplier {
  readonly #client: KubeClient;
  readonly #discovery: ResourceDiscovery;
  readonly #objects: ChildObjects;

  constructor(client: KubeClient, discovery: ResourceDiscovery, objects: ChildObjects) {
    this.#client = client;
    this.#discovery = discovery;
    this.#objects = objects;
  }

  /** Where an object belongs, with its namespace put right for its kind; undefined when the kind is not served. */
  async place(object: DynamicObject, signal: AbortSignal): Promise<PlacedObject | undefined> {
    const resource = await this.#discovery.resourceFor(object, signal);
    if (resource === undefined) return undefined;
    this.#objects.watch(resource);
    const { namespace, ...rest } = object.metadata;
    const metadata = resource.namespaced ? { ...rest, namespace: namespace ?? 'default' } : rest;
    return { resource, object: { ...object, metadata } };
  }

  /** As place, for a kind whose definition was applied just now. */
  async placeSoon(object: DynamicObject, signal: AbortSignal): Promise<PlacedObject | undefined> {
    const deadline = performance.now() + kindWithinMs;
    for (;;) {
      const placed = await this.place(object, signal);
      if (placed !== undefined || performance.now() >= deadline) return placed;
      await sleep(200, signal);
    }
  }

  /** What is there now. The watch is believed when it shows the object; when not, it may lack our label. */
  async look(
    { resource, object }: PlacedObject,
    signal: AbortSignal,
  ): Promise<ObservedObject | undefined> {
    const { namespace, name = '' } = object.metadata;
    const known = this.#objects.find(resource, { namespace, name });
    if (known !== undefined) return known;
    const live = await this.#client.find(resource, { namespace, name }, signal);
    if (live === undefined) return undefined;
    await this.#takeOver(resource, live as DynamicObject, signal);
    return observe(live as DynamicObject);
  }

  async #takeOver(resource: Resource, live: DynamicObject, signal: AbortSignal): Promise<void> {
    const managedFields = handOverFields(live);
    if (managedFields === undefined) return;
    const { namespace, name = '', resourceVersion } = live.metadata;
    const body = [
      { op: 'replace', path: '/metadata/managedFields', value: managedFields },
      { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion },
    ];
    await this.#client.patch(resource, { namespace, name }, { type: 'json', body }, {}, signal);
  }

  /** Applies; throws the refusal. */
  async apply(
    { resource, object }: PlacedObject,
    live: ObservedObject | undefined,
    { force, found }: { readonly force: boolean; readonly found: boolean },
    signal: AbortSignal,
  ): Promise<ObservedObject> {
    const ours = live?.scaled ? withoutReplicas(object) : object;
    const wanted = found ? markedAsFound(ours) : ours;
    const options = { fieldManager: creators.agent, force };
    const applied = await this.#client.apply(resource, wanted, options, signal);
    return observe(applied as DynamicObject);
  }
}

/** Whether one of the definitions brings the kind of the object. */
export function isDefinedBy(object: DynamicObject, definitions: readonly DynamicObject[]): boolean {
  return definitions.some(({ apiVersion, kind, spec }) => {
    if (kind !== 'CustomResourceDefinition' || !apiVersion.startsWith('apiextensions.k8s.io/')) {
      return false;
    }
    const { group, names } = spec as CustomResourceDefinition['spec'];
    return group === groupOf(object.apiVersion) && names?.kind === object.kind;
  });
}

/** Whoever scales an object owns its number of replicas. */
function withoutReplicas(object: DynamicObject): DynamicObject {
  const { replicas: _, ...spec } = (object.spec ?? {}) as Record<string, unknown>;
  return { ...object, spec };
}

/** The object itself must tell, since it may outlive our inventory. */
function markedAsFound(object: DynamicObject): DynamicObject {
  const { annotations: own, ...metadata } = object.metadata;
  const marks = { ...own, [annotations.foundInPlace]: 'true' };
  return { ...object, metadata: { ...metadata, annotations: marks } };
}
