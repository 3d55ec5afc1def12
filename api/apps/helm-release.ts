import { Type } from 'typebox';
import { ageColumn, type CustomKind } from '../custom-kind.ts';
import type { KubeObject } from '../kube-object.ts';
import type { Resource } from '../resource.ts';
import { bytes, int64, type TypeOf } from '../schema.ts';
import { helmColumns, helmOptions } from './helm-options.ts';

const spec = Type.Object(
  {
    ...helmOptions,
    releaseName: Type.Optional(Type.String({ description: 'Name of the Helm release.' })),
    targetNamespace: Type.String({ description: 'Namespace the chart is installed into.' }),
    overrides: Type.Optional(bytes({ description: 'The values, as JSON.' })),
  },
  { description: 'Which chart one cluster installs, and how.' },
);

const status = Type.Object(
  {
    phase: Type.Optional(Type.String({ description: "Helm's own word for the state." })),
    version: Type.Optional(int64({ description: 'Revision of the release.' })),
    firstDeployed: Type.Optional(Type.String({ description: 'When it was first deployed.' })),
    lastDeployed: Type.Optional(Type.String({ description: 'When it was last deployed.' })),
    description: Type.Optional(Type.String({ description: "Helm's last log entry." })),
    notes: Type.Optional(Type.String({ description: "The chart's notes, or the error." })),
  },
  { description: 'What Helm says.' },
);

export const helmReleaseSchema = Type.Object({ spec, status: Type.Optional(status) });

export type HelmReleaseSpec = TypeOf<typeof spec>;
export type HelmReleaseStatus = TypeOf<typeof status>;

/** One chart in one cluster; lives in that cluster's namespace. */
export interface HelmRelease extends KubeObject {
  readonly spec: HelmReleaseSpec;
  readonly status?: HelmReleaseStatus;
}

export const helmReleases: Resource<HelmRelease> = {
  group: 'apps.clusternet.io',
  version: 'v1alpha1',
  plural: 'helmreleases',
  kind: 'HelmRelease',
  namespaced: true,
};

export const helmReleaseKind: CustomKind = {
  resource: helmReleases,
  description: 'One Helm chart in one cluster.',
  shortNames: ['hr'],
  schema: helmReleaseSchema,
  statusSubresource: true,
  columns: [...helmColumns, ageColumn],
};
