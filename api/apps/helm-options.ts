import { Type } from 'typebox';
import { int32 } from '../schema.ts';

const flag = (description: string) => Type.Optional(Type.Boolean({ description }));

/** The fields HelmChart and HelmRelease share: which chart, and how Helm is to be called. */
export const helmOptions = {
  repo: Type.String({
    description: 'The repository: an http(s) URL with an index, or oci://host/path.',
    pattern:
      '^(http|https|oci)?://(?:[a-zA-Z]|[0-9]|[$-_@.&+]|[!*\\(\\),]|(?:%[0-9a-fA-F][0-9a-fA-F]))+$',
  }),
  chart: Type.String({ description: 'Name of the chart in the repository.' }),
  version: Type.Optional(
    Type.String({ description: 'Version of the chart; empty is the newest.' }),
  ),
  chartPullSecret: Type.Optional(
    Type.Object(
      {
        name: Type.Optional(Type.String({ description: 'Name of the Secret.' })),
        namespace: Type.Optional(Type.String({ description: 'Namespace of the Secret.' })),
      },
      { description: 'Secret of the parent with the keys username and password.' },
    ),
  ),
  plainHTTP: flag('Reach an OCI registry without TLS.'),
  createNamespace: Type.Optional(
    Type.Boolean({ description: 'Create the target namespace.', default: true }),
  ),
  timeoutSeconds: Type.Optional(
    int32({ description: 'How long one Helm operation may take.', default: 300 }),
  ),
  wait: flag('Wait until the objects are ready.'),
  waitForJob: flag('Wait until Jobs are done.'),
  replace: flag('Use the name of a deleted release again.'),
  atomic: flag('Uninstall when an installation fails.'),
  upgradeAtomic: flag('Roll back when an upgrade fails.'),
  skipCRDs: flag('Leave out the CRDs of the chart.'),
  replaceCRDs: flag('Overwrite the CRDs of the chart at each change.'),
  disableHooks: flag('Run no hooks of the chart.'),
  force: flag('Replace what cannot be updated.'),
};

/** Columns both kinds show. */
export const helmColumns = [
  { name: 'CHART', jsonPath: '.spec.chart', description: 'The chart' },
  { name: 'VERSION', jsonPath: '.spec.version', description: 'The version of the chart' },
  { name: 'REPO', jsonPath: '.spec.repo', description: 'The repository of the chart' },
  { name: 'STATUS', jsonPath: '.status.phase' },
];
