import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { maxReplicas } from '../../api/apps/feed-inventory.ts';
import { ClusternetError } from '../../api/errors.ts';
import { type AllowedAddress, hostProblem } from './allowed-address.ts';
import { longestLastGoodMs } from './assumed-replicas.ts';

/** Arguments of plugin Predictor. */
export interface PredictorArgs {
  /** Longest wait for one predictor. Default: 5. */
  readonly timeoutSeconds: number;
  /** An answer younger than this is used again without asking. Default: 5. */
  readonly reuseSeconds: number;
  /** An answer younger than this stands in for one that cannot be had. Default: 300. */
  readonly lastGoodSeconds: number;
  /** Predictors asked at the same time. Default: 64. */
  readonly parallelism: number;
  /** The most that one cluster is believed to have room for, of one feed. */
  readonly maxReplicas: number;
  /** What may be dialled of the addresses that clusters report. Default: none. */
  readonly allowedAddresses: readonly AllowedAddress[];
}

const closed = { additionalProperties: false };
const path = Type.Optional(Type.String({ minLength: 1 }));
const seconds = (minimum: number, maximum: number) =>
  Type.Optional(Type.Number({ minimum, maximum }));

const schema = Type.Object(
  {
    timeoutSeconds: seconds(0.1, 60),
    reuseSeconds: seconds(0, 600),
    lastGoodSeconds: seconds(0, longestLastGoodMs / 1000),
    parallelism: Type.Optional(Type.Integer({ minimum: 1, maximum: 1024 })),
    maxReplicas: Type.Optional(Type.Integer({ minimum: 0, maximum: maxReplicas })),
    allowedAddresses: Type.Optional(
      Type.Array(
        Type.Object(
          {
            scheme: Type.Optional(Type.Union([Type.Literal('https'), Type.Literal('http')])),
            host: Type.String({ minLength: 1 }),
            port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
            caFile: path,
            tokenFile: path,
          },
          closed,
        ),
        { maxItems: 1000 },
      ),
    ),
  },
  closed,
);

const standard: PredictorArgs = {
  timeoutSeconds: 5,
  reuseSeconds: 5,
  lastGoodSeconds: 300,
  parallelism: 64,
  maxReplicas,
  allowedAddresses: [],
};

/** Reads the plugin's args, which may be absent; throws CN_SCHEDULER_CONFIG naming every field that is wrong. */
export function readPredictorArgs(args: unknown = {}): PredictorArgs {
  const problems = [...Value.Errors(schema, args)].map(
    ({ instancePath, message }) => `${instancePath || 'args'}: ${message}`,
  );
  if (problems.length === 0) problems.push(...addressProblems(args as Partial<PredictorArgs>));
  if (problems.length > 0) {
    const message = `pluginConfig of plugin Predictor: ${problems.join('; ')}`;
    throw new ClusternetError('CN_SCHEDULER_CONFIG', message);
  }
  return { ...standard, ...(args as Partial<PredictorArgs>) };
}

function addressProblems({ allowedAddresses = [] }: Partial<PredictorArgs>): string[] {
  return allowedAddresses.flatMap(({ scheme, host, caFile, tokenFile }, index) => {
    const where = `/allowedAddresses/${index}`;
    const wrong = hostProblem(host);
    return [
      ...(wrong === undefined ? [] : [`${where}/host: ${wrong}`]),
      ...(scheme === 'http' && (caFile ?? tokenFile) !== undefined
        ? [`${where}: caFile and tokenFile are for https only`]
        : []),
    ];
  });
}
