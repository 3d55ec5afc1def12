import type { KubeObject } from '../api/kube-object.ts';
import { apiVersionOf, type Resource } from '../api/resource.ts';
import type { KubeClient } from '../kube/client.ts';
import { listAt, textAt, valueAt } from './capi/fields.ts';

type Labels = Readonly<Record<string, string>>;

export interface LabelOwnership {
  readonly fieldManager: string;
  /** Keys that are ours whoever has set them: those of our own domain. By default none is. */
  readonly isOurs?: (key: string) => boolean;
}

/**
 * Makes `wanted` exactly the labels that we own on an object: adds, changes and removes ours, and leaves alone every key that somebody
 * else has set to something else. Writes nothing when that is so already. The object must carry its managedFields; when it has changed
 * since, this is a conflict (409) and the reconcile comes back. Returns the keys that others hold.
 */
export async function applyOwnedLabels<T extends KubeObject>(
  client: KubeClient,
  resource: Resource<T>,
  object: T,
  wanted: Labels,
  { fieldManager, isOurs = () => false }: LabelOwnership,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const owned = ownedLabelKeys(object, fieldManager);
  const present = object.metadata.labels ?? {};
  const isFree = ([key, value]: readonly [string, string]) =>
    isOurs(key) || owned.has(key) || (present[key] ?? value) === value;
  const entries = Object.entries(wanted);
  const conflicts = entries.filter(entry => !isFree(entry)).map(([key]) => key);
  const labels = Object.fromEntries(entries.filter(isFree));
  if (!holdsExactly(labels, owned, present)) {
    const { namespace, name, uid, resourceVersion } = object.metadata;
    const configuration: KubeObject = {
      apiVersion: apiVersionOf(resource),
      kind: resource.kind,
      metadata: {
        ...(namespace === undefined ? {} : { namespace }),
        ...(name === undefined ? {} : { name }),
        ...(uid === undefined ? {} : { uid }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
        labels,
      },
    };
    await client.apply(resource, configuration, { fieldManager, force: true }, signal);
  }
  return conflicts;
}

function holdsExactly(wanted: Labels, owned: ReadonlySet<string>, present: Labels): boolean {
  const entries = Object.entries(wanted);
  return (
    owned.size === entries.length &&
    entries.every(([key, value]) => owned.has(key) && present[key] === value)
  );
}

/** The label keys that a manager holds on an object by server-side apply. */
export function ownedLabelKeys(object: KubeObject, manager: string): ReadonlySet<string> {
  const entry = listAt(object, 'metadata', 'managedFields').find(
    candidate =>
      textAt(candidate, 'manager') === manager &&
      textAt(candidate, 'operation') === 'Apply' &&
      textAt(candidate, 'subresource') === undefined,
  );
  const fields = valueAt(entry, 'fieldsV1', 'f:metadata', 'f:labels') ?? {};
  return new Set(
    Object.keys(fields).flatMap(field => (field.startsWith('f:') ? [field.slice(2)] : [])),
  );
}
