import type { KubeObject } from './kube-object.ts';

/** Where objects of one kind live in the Kubernetes API; `T` is the TypeScript type of those objects. */
export interface Resource<T extends KubeObject = KubeObject> {
  /** API group, empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Carries `T` at compile time only; never set. */
  readonly object?: T;
}

/** `group/version`, or just `version` for the core group: what an object's apiVersion field holds. */
export function apiVersionOf(resource: Pick<Resource, 'group' | 'version'>): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}
