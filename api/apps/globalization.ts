import { Type } from 'typebox';
import { ageColumn, type CustomKind } from '../custom-kind.ts';
import type { KubeObject } from '../kube-object.ts';
import { labelSelector } from '../label-selector.ts';
import type { Resource } from '../resource.ts';
import type { TypeOf } from '../schema.ts';
import { overrideFields } from './override.ts';

const spec = Type.Object(
  {
    ...overrideFields,
    clusterAffinity: Type.Optional(labelSelector('Which clusters; absent is all.')),
  },
  { description: 'What is different in many clusters.' },
);

export const globalizationSchema = Type.Object({ spec });

export type GlobalizationSpec = TypeOf<typeof spec>;

/** Overrides for all clusters, or for those a selector picks. */
export interface Globalization extends KubeObject {
  readonly spec: GlobalizationSpec;
}

export const globalizations: Resource<Globalization> = {
  group: 'apps.clusternet.io',
  version: 'v1alpha1',
  plural: 'globalizations',
  kind: 'Globalization',
  namespaced: false,
};

export const globalizationKind: CustomKind = {
  resource: globalizations,
  description: 'Overrides for all clusters, or for those a selector picks.',
  shortNames: ['glob', 'global'],
  schema: globalizationSchema,
  statusSubresource: false,
  columns: [ageColumn],
};
