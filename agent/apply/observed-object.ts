import { createHash } from 'node:crypto';
import type { DynamicObject, KubeObject, ObjectMeta } from '../../api/kube-object.ts';
import { annotations, creators } from '../../api/well-known.ts';

/** What is kept of an object in the child: enough to tell whose it is, whether it drifted, and how it does. */
export interface ObservedObject extends KubeObject {
  /** Changes whenever a field that we applied is no longer as we applied it; empty when we have applied none. */
  readonly ownFields: string;
  /** Somebody scales it through its scale subresource, so the number of replicas is not ours. */
  readonly scaled: boolean;
  readonly status?: unknown;
}

interface ManagedFieldsEntry {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly fieldsV1?: { readonly 'f:spec'?: { readonly 'f:replicas'?: unknown } };
}

/**
 * Reduces an object. Drift shows in managedFields alone: whoever changes a field of ours by other means than
 * apply takes it over, so our list of fields gets shorter.
 */
export function observe(object: DynamicObject): ObservedObject {
  const { name, namespace, uid, resourceVersion, deletionTimestamp } = object.metadata;
  const managed = (object.metadata.managedFields ?? []) as readonly ManagedFieldsEntry[];
  const ours = managed.find(
    entry => entry.manager === creators.agent && entry.operation === 'Apply' && !entry.subresource,
  );
  const marks = Object.entries(object.metadata.annotations ?? {}).filter(([key]) => isMark(key));
  const metadata: ObjectMeta = {
    ...(name === undefined ? {} : { name }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    ...(marks.length === 0 ? {} : { annotations: Object.fromEntries(marks) }),
  };
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata,
    ownFields: ours === undefined ? '' : hashOf(ours.fieldsV1),
    scaled: managed.some(
      entry =>
        entry.subresource === 'scale' && entry.fieldsV1?.['f:spec']?.['f:replicas'] !== undefined,
    ),
    ...(object.status === undefined ? {} : { status: object.status }),
  };
}

function isMark(annotation: string): boolean {
  return annotation === annotations.ownedByDescription || annotation === annotations.foundInPlace;
}

/** Whether the object says that it was there before us. */
export function wasFound(object: KubeObject): boolean {
  return object.metadata.annotations?.[annotations.foundInPlace] === 'true';
}

/** The Description (`namespace.name`) an object says it belongs to. */
export function ownerOf(object: KubeObject): string | undefined {
  return object.metadata.annotations?.[annotations.ownedByDescription];
}

function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 16);
}
