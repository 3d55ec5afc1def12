import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { parse } from 'yaml';
import { ClusternetError } from '../api/errors.ts';
import {
  type ExtenderConfiguration,
  extenderProblems,
  extenderSchema,
} from './extender/extender-configuration.ts';
import {
  type FailoverConfiguration,
  failoverProblems,
  failoverSchema,
} from './failover/failover-configuration.ts';
import { defaultGates, unknownGates } from './feature-gates.ts';
import { extensionPoints } from './framework/plugin.ts';

const closed = { additionalProperties: false };
const name = Type.String({ minLength: 1 });

const pluginSet = Type.Object(
  {
    enabled: Type.Optional(
      Type.Array(
        Type.Object({ name, weight: Type.Optional(Type.Integer({ minimum: 1 })) }, closed),
        { description: 'Run after the default ones; one of the same name takes its place.' },
      ),
    ),
    disabled: Type.Optional(
      Type.Array(Type.Object({ name }, closed), {
        description: 'Default plugins that do not run; "*" is all of them.',
      }),
    ),
  },
  closed,
);

const profile = Type.Object(
  {
    schedulerName: name,
    plugins: Type.Optional(
      Type.Object(
        Object.fromEntries(extensionPoints.map(point => [point, Type.Optional(pluginSet)])),
        closed,
      ),
    ),
    pluginConfig: Type.Optional(
      Type.Array(Type.Object({ name, args: Type.Optional(Type.Unknown()) }, closed)),
    ),
  },
  closed,
);

const percentage = (description: string) =>
  Type.Optional(Type.Integer({ description, minimum: 0, maximum: 100 }));

const schema = Type.Object(
  {
    apiVersion: Type.Optional(Type.String()),
    kind: Type.Optional(Type.String()),
    profiles: Type.Array(profile, { minItems: 1 }),
    pluginModules: Type.Optional(Type.Array(name, { description: 'Paths of ES modules.' })),
    extenders: Type.Optional(
      Type.Array(extenderSchema, { description: 'Programs elsewhere that have a say.' }),
    ),
    featureGates: Type.Optional(
      Type.Record(Type.String(), Type.Boolean(), {
        description: 'As --feature-gates, which is stronger.',
      }),
    ),
    failover: Type.Optional(failoverSchema),
    percentageOfClustersToScore: percentage(
      'Of the clusters that match a dynamically divided Subscription, those that are enough. Default 100; 0 adapts to their number as upstream does.',
    ),
    percentageOfClustersToTolerate: percentage(
      'Of the clusters of a dynamically divided Subscription, those that may be without a prediction. With gate FeasibleClustersToleration; default 10.',
    ),
  },
  closed,
);

/** What a profile changes at one extension point. */
export type PluginSet = Static<typeof pluginSet>;

/** Subscriptions that name `schedulerName` are placed by these plugins. */
export interface ProfileConfiguration {
  readonly schedulerName: string;
  readonly plugins?: Readonly<Record<string, PluginSet | undefined>>;
  readonly pluginConfig?: readonly { readonly name: string; readonly args?: unknown }[];
}

/** The scheduler's configuration file. */
export interface SchedulerConfiguration {
  readonly profiles: readonly ProfileConfiguration[];
  /** ES modules with plugins of your own. */
  readonly pluginModules?: readonly string[];
  /** Programs elsewhere that have a say in all profiles. */
  readonly extenders?: readonly ExtenderConfiguration[];
  readonly featureGates?: Readonly<Record<string, boolean>>;
  /** With gate FailOver: how clusters that are not well are left. */
  readonly failover?: FailoverConfiguration;
  /** Of the clusters that match a dynamically divided Subscription, those that are enough; 0 adapts to their number. */
  readonly percentageOfClustersToScore?: number;
  /** With gate FeasibleClustersToleration: how many of a Subscription's clusters may be without a prediction. */
  readonly percentageOfClustersToTolerate?: number;
}

/** Without a file: one profile with the default plugins. */
export const defaultConfiguration: SchedulerConfiguration = {
  profiles: [{ schedulerName: 'default' }],
};

/** Reads a configuration file; throws CN_SCHEDULER_CONFIG naming every field that is wrong. */
export function readConfiguration(text: string): SchedulerConfiguration {
  const value = withDocumentedKeys(parseYaml(text));
  const problems = [...Value.Errors(schema, value)].map(
    ({ instancePath, message }) => `${fieldPath(instancePath) || 'the file'}: ${message}`,
  );
  if (problems.length === 0) problems.push(...contradictions(value as SchedulerConfiguration));
  if (problems.length > 0) throw new ClusternetError('CN_SCHEDULER_CONFIG', problems.join('; '));
  return value as SchedulerConfiguration;
}

function parseYaml(text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new ClusternetError('CN_SCHEDULER_CONFIG', message, { cause: error });
  }
}

/**
 * Upstream documents `percentageOfClustersToScore` but reads `percentageofclusterstoscore`, so that files of either
 * spelling are about. One that has both is left as it is, and refused for the key that is not documented.
 */
function withDocumentedKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const documented = ['percentageOfClustersToScore', 'percentageOfClustersToTolerate'];
  const spelling = new Map(documented.map(key => [key.toLowerCase(), key]));
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => {
      const better = spelling.get(key);
      return [better === undefined || better in value ? key : better, each];
    }),
  );
}

function contradictions({
  profiles,
  extenders = [],
  featureGates = {},
  failover = {},
}: SchedulerConfiguration): string[] {
  const names = profiles.flatMap(({ schedulerName }, index) =>
    profiles.findIndex(each => each.schedulerName === schedulerName) < index
      ? [`profiles[${index}].schedulerName: "${schedulerName}" is taken by another profile`]
      : [],
  );
  const known = Object.keys(defaultGates).join(', ');
  const gates = unknownGates(featureGates).map(
    gate => `featureGates.${gate}: there is no such gate; there are ${known}`,
  );
  return [...names, ...gates, ...extenderProblems(extenders), ...failoverProblems(failover)];
}

/** `/profiles/0/schedulerName` as people write it: `profiles[0].schedulerName`. */
function fieldPath(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map(part => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`))
    .join('')
    .replace(/^\./, '');
}
