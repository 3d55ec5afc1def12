import type { DynamicObject } from '../api/kube-object.ts';
import { matchesSelector, parseSelector } from '../api/label-selector.ts';
import type { ApiTarget } from './api-path.ts';

/** Whether a list or watch request asks for this object. */
export function selectsObject(
  object: DynamicObject,
  target: ApiTarget,
  query: URLSearchParams,
): boolean {
  const { namespace, name, labels = {} } = object.metadata;
  if (target.namespace !== undefined && target.namespace !== namespace) return false;
  if (target.name !== undefined && target.name !== name) return false;
  const selector = query.get('labelSelector');
  if (selector && !matchesSelector(parseSelector(selector), labels)) return false;
  return (query.get('fieldSelector') ?? '')
    .split(',')
    .filter(Boolean)
    .every(term => matchesField(object, term));
}

function matchesField(object: DynamicObject, term: string): boolean {
  const [, path = '', operator = '', wanted = ''] = /^([\w.]+)(==|!=|=)(.*)$/.exec(term) ?? [];
  const value = path
    .split('.')
    .reduce<unknown>(
      (inside, part) => (inside as Record<string, unknown> | undefined)?.[part],
      object,
    );
  return (String(value ?? '') === wanted) === (operator !== '!=');
}
