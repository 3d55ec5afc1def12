import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { dateTime, oneOf, type TypeOf } from '../schema.ts';

/**
 * How to ask the scheduler why a Subscription is placed as it is. The annotation's value is the moment of the question
 * (RFC 3339); the answer is a ConfigMap beside the Subscription, with the same annotation, for as long as it is valid.
 */
export const explaining = {
  annotation: 'apps.clusternet.io/explain',
  /** How long a question may wait, and an answer is kept. */
  validMs: 10 * 60_000,
  /** The most bytes of an answer. */
  limit: 512 * 1024,
  dataKey: 'explanation.json',
  configMapOf: (subscription: string) => `${subscription.slice(0, 245)}-explain`,
} as const;

const count = Type.Integer({ minimum: 0 });
const text = Type.String();
const counts = Type.Record(text, count);

const said = Type.Object({
  plugin: text,
  /** Reads on from "2 clusters …". */
  reason: text,
  /** Whether it also ends a placement that exists. */
  evicts: Type.Boolean(),
});

const score = Type.Object({
  plugin: text,
  /** 0 to 100 over all clusters that fit. */
  score: Type.Number(),
  weight: count,
});

const share = Type.Object({
  feed: text,
  /** What it counts by: its weight in static, what is free in dynamic dividing. */
  by: Type.Optional(Type.Number()),
  had: count,
  gets: count,
});

const cluster = Type.Object({
  /** `namespace/name`. */
  key: text,
  /** `Retained` keeps what it has and gets nothing new; `Held` would leave, but for a confirmation. */
  fate: oneOf(['Chosen', 'Retained', 'Held', 'NotChosen', 'Rejected', 'Leaves']),
  said: Type.Array(said),
  scores: Type.Array(score),
  shares: Type.Array(share),
  /** Why nobody could predict what it has free. */
  unknown: Type.Optional(text),
});

const explanation = Type.Object({
  /** The question's annotation. */
  id: text,
  answered: dateTime(),
  subscription: text,
  generation: count,
  profile: text,
  /** As condition Scheduled would say it. */
  verdict: Type.Object({ status: text, reason: text, message: text }),
  /** How replicas are divided; absent when they are not. */
  dividing: Type.Optional(oneOf(['Static', 'Spread', 'Binpack'])),
  /** Over all clusters together. */
  feeds: Type.Array(Type.Object({ feed: text, wanted: count, placed: count })),
  clusters: Type.Array(cluster),
  /** Clusters that are not in the list, by why. */
  others: counts,
});

/** Why a Subscription is placed as it is. */
export type Explanation = TypeOf<typeof explanation>;

/** One cluster of an {@link Explanation}. */
export type ExplainedCluster = Explanation['clusters'][number];

/** Reads an answer; throws naming the first thing that is wrong with it. */
export function parseExplanation(json: string): Explanation {
  const value: unknown = JSON.parse(json);
  const [problem] = Value.Errors(explanation, value);
  if (problem) throw new Error(`${problem.instancePath || 'the answer'}: ${problem.message}`);
  return value as Explanation;
}
