import { Type } from 'typebox';
import { ageColumn, type CustomKind } from '../custom-kind.ts';
import type { KubeObject } from '../kube-object.ts';
import type { Resource } from '../resource.ts';
import type { TypeOf } from '../schema.ts';
import { overrideFields } from './override.ts';

const spec = Type.Object(overrideFields, { description: 'What is different in this cluster.' });

export const localizationSchema = Type.Object({ spec });

export type LocalizationSpec = TypeOf<typeof spec>;

/** Overrides for the one cluster whose dedicated namespace it lives in. */
export interface Localization extends KubeObject {
  readonly spec: LocalizationSpec;
}

export const localizations: Resource<Localization> = {
  group: 'apps.clusternet.io',
  version: 'v1alpha1',
  plural: 'localizations',
  kind: 'Localization',
  namespaced: true,
};

export const localizationKind: CustomKind = {
  resource: localizations,
  description: 'Overrides for the one cluster whose dedicated namespace it lives in.',
  shortNames: ['loc', 'local'],
  schema: localizationSchema,
  statusSubresource: false,
  columns: [ageColumn],
};
