import { Type } from 'typebox';
import { ageColumn, type CustomKind } from '../custom-kind.ts';
import type { KubeObject } from '../kube-object.ts';
import type { Resource } from '../resource.ts';
import { oneOf, type TypeOf } from '../schema.ts';
import { helmColumns, helmOptions } from './helm-options.ts';

const spec = Type.Object(
  {
    ...helmOptions,
    targetNamespace: Type.String({ description: 'Namespace the chart is installed into.' }),
  },
  { description: 'Which chart, and how to install it.' },
);

const status = Type.Object(
  {
    phase: Type.Optional(
      oneOf(['Found', 'NotFound'], { description: 'Whether the repository has the chart.' }),
    ),
    reason: Type.Optional(Type.String({ description: 'Why it was not found.' })),
  },
  { description: 'Whether the chart exists.' },
);

export const helmChartSchema = Type.Object({ spec, status: Type.Optional(status) });

export type HelmChartSpec = TypeOf<typeof spec>;
export type HelmChartStatus = TypeOf<typeof status>;

/** A Helm chart that can be delivered like any other feed. */
export interface HelmChart extends KubeObject {
  readonly spec: HelmChartSpec;
  readonly status?: HelmChartStatus;
}

export const helmCharts: Resource<HelmChart> = {
  group: 'apps.clusternet.io',
  version: 'v1alpha1',
  plural: 'helmcharts',
  kind: 'HelmChart',
  namespaced: true,
};

export const helmChartKind: CustomKind = {
  resource: helmCharts,
  description: 'A Helm chart that can be delivered like any other feed.',
  shortNames: ['chart', 'charts'],
  schema: helmChartSchema,
  statusSubresource: true,
  columns: [...helmColumns, ageColumn],
};
