import { Type } from 'typebox';
import { conditionList } from '../conditions.ts';
import type { CustomKind } from '../custom-kind.ts';
import type { KubeObject } from '../kube-object.ts';
import type { Resource } from '../resource.ts';
import type { TypeOf } from '../schema.ts';

const status = Type.Object(
  { conditions: Type.Optional(conditionList()) },
  { description: 'Whether the Service is exported.' },
);

export const serviceExportSchema = Type.Object({ status: Type.Optional(status) });

export type ServiceExportStatus = TypeOf<typeof status>;

/** Says that the Service of the same name may be used from other clusters. */
export interface ServiceExport extends KubeObject {
  readonly status?: ServiceExportStatus;
}

export const serviceExports: Resource<ServiceExport> = {
  group: 'multicluster.x-k8s.io',
  version: 'v1alpha1',
  plural: 'serviceexports',
  kind: 'ServiceExport',
  namespaced: true,
};

export const serviceExportKind: CustomKind = {
  resource: serviceExports,
  description: 'Says that the Service of the same name may be used from other clusters.',
  shortNames: ['svcex'],
  schema: serviceExportSchema,
  statusSubresource: true,
  columns: [{ name: 'Age', jsonPath: '.metadata.creationTimestamp', type: 'date' }],
};
