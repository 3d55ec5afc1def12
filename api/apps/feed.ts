import { Type } from 'typebox';
import type { TypeOf } from '../schema.ts';

/** The fields of a reference to an object that is delivered; other schemas embed them. */
export const feedFields = {
  apiVersion: Type.String({ description: 'API version of the object.' }),
  kind: Type.String({ description: 'Kind of the object.' }),
  namespace: Type.Optional(
    Type.String({ description: 'Namespace of the object; absent for a cluster-scoped one.' }),
  ),
  name: Type.String({ description: 'Name of the object.' }),
};

export function feed(description = 'A reference to an object that is delivered.') {
  return Type.Object(feedFields, { description });
}

export function feedList() {
  return Type.Array(feed(), { description: 'The objects to deliver.' });
}

export type Feed = TypeOf<ReturnType<typeof feed>>;

/** The key of `status.replicas`: `apiVersion/kind/namespace/name`, or `apiVersion/kind/name`. */
export function feedKey({ apiVersion, kind, namespace, name }: Feed): string {
  return [apiVersion, kind, ...(namespace ? [namespace] : []), name].join('/');
}

/** How messages name a feed: `Kind namespace/name`, or `Kind name`. */
export function formatFeed({ kind, namespace, name }: Feed): string {
  return namespace ? `${kind} ${namespace}/${name}` : `${kind} ${name}`;
}
