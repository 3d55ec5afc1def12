import type { Description } from '../../api/apps/description.ts';
import { formatFeed } from '../../api/apps/feed.ts';
import type { DynamicObject, ObjectMeta } from '../../api/kube-object.ts';
import { annotations, labels } from '../../api/well-known.ts';
import { parseJson } from '../../kube/json.ts';
import { feedOf, type ObjectId, objectIdOf } from './object-id.ts';

/** One object of a Description, marked as ours and ready to be applied. */
export interface RenderedObject {
  readonly id: ObjectId;
  readonly object: DynamicObject;
}

export interface RenderedDescription {
  /** In the order of spec.raw. */
  readonly objects: readonly RenderedObject[];
  /** What is wrong with the others, one sentence each. While there is one, nothing may be pruned: it may be what is missing. */
  readonly problems: readonly string[];
}

/** How annotations name a Description: `namespace.name`. */
export function ownerName(description: Description): string {
  return `${description.metadata.namespace}.${description.metadata.name}`;
}

/** Reads the objects a Description (deployer Generic) holds. */
export function renderDescription(description: Description): RenderedDescription {
  const objects = new Map<ObjectId, RenderedObject>();
  const problems: string[] = [];
  (description.spec.raw ?? []).forEach((raw, index) => {
    const read = readObject(raw);
    if (typeof read === 'string') {
      problems.push(`spec.raw[${index}]: ${read}`);
      return;
    }
    const id = objectIdOf(read);
    if (objects.has(id))
      problems.push(`spec.raw[${index}]: ${formatFeed(feedOf(read))} is there twice`);
    else objects.set(id, { id, object: marked(read, description) });
  });
  return { objects: [...objects.values()], problems };
}

/** The object, or what is wrong with it. */
function readObject(raw: string): DynamicObject | string {
  let value: unknown;
  try {
    value = parseJson(Buffer.from(raw, 'base64').toString('utf8'));
  } catch {
    return 'is not JSON in base64';
  }
  if (!isRecord(value)) return 'is not a JSON object';
  if (!isText(value.apiVersion)) return 'has no apiVersion';
  if (!isText(value.kind)) return 'has no kind';
  if (!isRecord(value.metadata) || !isText(value.metadata.name)) return 'has no metadata.name';
  return value as unknown as DynamicObject;
}

/** Without what only a server writes, and with the marks by which we know our objects again. */
function marked(object: DynamicObject, description: Description): DynamicObject {
  const { status: _, ...rest } = object;
  const { name, namespace, labels: ownLabels, annotations: ownAnnotations } = object.metadata;
  const { finalizers, ownerReferences } = object.metadata;
  const metadata: ObjectMeta = {
    ...(name === undefined ? {} : { name }),
    ...(namespace ? { namespace } : {}),
    ...(finalizers === undefined ? {} : { finalizers }),
    ...(ownerReferences === undefined ? {} : { ownerReferences }),
    labels: { ...ownLabels, [labels.descriptionUid]: description.metadata.uid ?? '' },
    annotations: { ...ownAnnotations, [annotations.ownedByDescription]: ownerName(description) },
  };
  return { ...rest, apiVersion: object.apiVersion, kind: object.kind, metadata };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
