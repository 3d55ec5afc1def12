import { Type } from 'typebox';
import { conditionList } from '../conditions.ts';
import { ageColumn, type CustomKind } from '../custom-kind.ts';
import type { KubeObject } from '../kube-object.ts';
import type { Resource } from '../resource.ts';
import { anyObject, bytes, oneOf, type TypeOf } from '../schema.ts';
import { feedFields } from './feed.ts';

const spec = Type.Object(
  {
    deployer: oneOf(['Helm', 'Generic'], { description: 'What the raw data are.' }),
    charts: Type.Optional(
      Type.Array(
        Type.Object({
          namespace: Type.String({ description: 'Namespace of the HelmChart.' }),
          name: Type.String({ description: 'Name of the HelmChart.' }),
        }),
        { description: 'The charts to install; for deployer Helm.' },
      ),
    ),
    raw: Type.Optional(
      Type.Array(bytes(), {
        description: 'Generic: one object each, as JSON. Helm: the values of each chart.',
      }),
    ),
    chartRaw: Type.Optional(
      Type.Array(bytes(), { description: 'Helm: each HelmChart after overrides, as JSON.' }),
    ),
  },
  { description: 'What the agent applies.' },
);

const manifestStatus = Type.Object(
  {
    ...feedFields,
    observedStatus: Type.Optional(
      anyObject({ description: 'The status of the object in the cluster.' }),
    ),
  },
  { description: 'One object as seen in the cluster.' },
);

const status = Type.Object(
  {
    phase: Type.Optional(
      oneOf(
        [
          'Pending',
          'Success',
          'Failure',
          'Installing',
          'Upgrading',
          'Uninstalling',
          'Superseded',
          'Unknown',
        ],
        { description: 'How far it is.' },
      ),
    ),
    reason: Type.Optional(Type.String({ description: 'Why it is in that phase.' })),
    manifestStatuses: Type.Optional(
      Type.Array(manifestStatus, { description: 'The objects as seen in the cluster.' }),
    ),
    conditions: Type.Optional(conditionList()),
  },
  { description: 'What became of it.' },
);

export const descriptionSchema = Type.Object({ spec, status: Type.Optional(status) });

export type DescriptionSpec = TypeOf<typeof spec>;
export type ManifestStatus = TypeOf<typeof manifestStatus>;
export type DescriptionStatus = TypeOf<typeof status>;

/** Fully rendered objects for one cluster; lives in that cluster's namespace. */
export interface Description extends KubeObject {
  readonly spec: DescriptionSpec;
  readonly status?: DescriptionStatus;
}

export const descriptions: Resource<Description> = {
  group: 'apps.clusternet.io',
  version: 'v1alpha1',
  plural: 'descriptions',
  kind: 'Description',
  namespaced: true,
};

export const descriptionKind: CustomKind = {
  resource: descriptions,
  description: 'Fully rendered objects for one cluster.',
  shortNames: ['desc'],
  schema: descriptionSchema,
  statusSubresource: true,
  columns: [
    { name: 'DEPLOYER', jsonPath: '.spec.deployer' },
    { name: 'STATUS', jsonPath: '.status.phase' },
    ageColumn,
  ],
};
