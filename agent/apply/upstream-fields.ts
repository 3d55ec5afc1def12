import type { DynamicObject } from '../../api/kube-object.ts';
import { annotations, creators } from '../../api/well-known.ts';

interface ManagedFieldsEntry {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly apiVersion?: string;
  readonly fieldsV1?: Fields;
}

type Fields = Readonly<Record<string, unknown>>;

const upstreamManagers: readonly string[] = [creators.agent, creators.controllerManager];

/**
 * The managedFields of an object that upstream's Clusternet delivered, with its fields handed over to us, or
 * undefined for any other object. Upstream writes by update: without this, fields that we no longer want would
 * stay for ever, because upstream's entry still owns them.
 */
export function handOverFields(object: DynamicObject): readonly unknown[] | undefined {
  const { managedFields = [], annotations: marks = {} } = object.metadata;
  if (marks[annotations.lastAppliedConfiguration] === undefined) return undefined;
  const entries = managedFields as readonly ManagedFieldsEntry[];
  const [first, ...others] = entries.filter(isUpstreams);
  if (first === undefined) return undefined;
  // Field names of different versions cannot be mixed; such entries stay as they are.
  const taken = [first, ...others.filter(({ apiVersion }) => apiVersion === first.apiVersion)];
  const ours = entries.find(entry => isOurs(entry) && entry.apiVersion === first.apiVersion);
  const all = [...(ours === undefined ? [] : [ours]), ...taken];
  const rest = entries.filter(entry => !all.includes(entry));
  const fieldsV1 = all.map(({ fieldsV1: fields = {} }) => fields).reduce(unite);
  return [{ ...first, manager: creators.agent, operation: 'Apply', fieldsV1 }, ...rest];
}

function isUpstreams({ manager = '', operation, subresource }: ManagedFieldsEntry): boolean {
  return operation === 'Update' && !subresource && upstreamManagers.includes(manager);
}

function isOurs({ manager, operation, subresource }: ManagedFieldsEntry): boolean {
  return operation === 'Apply' && !subresource && manager === creators.agent;
}

/** FieldsV1 is a set of paths, written as nested objects. */
function unite(a: Fields, b: Fields): Fields {
  const united = new Map(Object.entries(a));
  for (const [name, inner] of Object.entries(b)) {
    const known = united.get(name);
    united.set(name, known === undefined ? inner : unite(known as Fields, inner as Fields));
  }
  return Object.fromEntries(united);
}
