import { type Static, Type } from 'typebox';
import { parseDuration } from '../../api/duration.ts';

/** `failover` of the configuration file; counts with gate FailOver only. */
export const failoverSchema = Type.Object(
  {
    notReadyGrace: Type.Optional(
      Type.String({
        description: 'How long a bound cluster may be not ready before it is left; default 5m.',
        maxLength: 16,
      }),
    ),
    clustersPerMinute: Type.Optional(
      Type.Number({
        description: 'How many clusters may start to be left within a minute; default 6.',
        exclusiveMinimum: 0,
        maximum: 60_000,
      }),
    ),
    largeOutagePercentage: Type.Optional(
      Type.Integer({
        description:
          'Of all clusters, those that must be not ready for evictions to stop; default 30.',
        minimum: 1,
        maximum: 100,
      }),
    ),
  },
  { additionalProperties: false },
);

export type FailoverConfiguration = Static<typeof failoverSchema>;

/** How clusters that are not well are left. */
export interface FailoverSettings {
  readonly graceMs: number;
  readonly clustersPerMinute: number;
  readonly largeOutagePercentage: number;
}

/** What the schema cannot say, one sentence each with the field. */
export function failoverProblems({ notReadyGrace }: FailoverConfiguration): string[] {
  if (notReadyGrace === undefined) return [];
  try {
    parseDuration(notReadyGrace);
    return [];
  } catch (error) {
    return [`failover.notReadyGrace: ${(error as Error).message}`];
  }
}

/** The settings of a sound configuration. */
export function failoverSettings(configuration: FailoverConfiguration = {}): FailoverSettings {
  const { notReadyGrace = '5m', clustersPerMinute = 6, largeOutagePercentage = 30 } = configuration;
  return { graceMs: parseDuration(notReadyGrace), clustersPerMinute, largeOutagePercentage };
}
