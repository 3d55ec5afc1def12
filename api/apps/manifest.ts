import { Type } from 'typebox';
import { ageColumn, type CustomKind } from '../custom-kind.ts';
import type { DynamicObject, KubeObject } from '../kube-object.ts';
import type { Resource } from '../resource.ts';
import { anyObject } from '../schema.ts';

export const manifestSchema = Type.Object({
  template: anyObject({ description: 'The object itself.' }),
});

/** One object of any kind, stored in the parent to be delivered to children. */
export interface Manifest extends KubeObject {
  readonly template: DynamicObject;
}

export const manifests: Resource<Manifest> = {
  group: 'apps.clusternet.io',
  version: 'v1alpha1',
  plural: 'manifests',
  kind: 'Manifest',
  namespaced: true,
};

export const manifestKind: CustomKind = {
  resource: manifests,
  description: 'One object of any kind, stored in the parent to be delivered to children.',
  shortNames: [],
  schema: manifestSchema,
  statusSubresource: false,
  columns: [ageColumn],
};
