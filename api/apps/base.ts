import { Type } from 'typebox';
import { ageColumn, type CustomKind } from '../custom-kind.ts';
import type { KubeObject } from '../kube-object.ts';
import type { Resource } from '../resource.ts';
import type { TypeOf } from '../schema.ts';
import { feedList } from './feed.ts';

const spec = Type.Object({ feeds: feedList() }, { description: 'What one cluster is given.' });

export const baseSchema = Type.Object({ spec });

export type BaseSpec = TypeOf<typeof spec>;

/** The feeds of one Subscription for one cluster, before overrides; lives in that cluster's namespace. */
export interface Base extends KubeObject {
  readonly spec: BaseSpec;
}

export const bases: Resource<Base> = {
  group: 'apps.clusternet.io',
  version: 'v1alpha1',
  plural: 'bases',
  kind: 'Base',
  namespaced: true,
};

export const baseKind: CustomKind = {
  resource: bases,
  description: 'The feeds of one Subscription for one cluster, before overrides.',
  shortNames: [],
  schema: baseSchema,
  statusSubresource: false,
  columns: [ageColumn],
};
