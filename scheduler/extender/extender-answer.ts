import { type Static, type TSchema, Type } from 'typebox';
import { Value } from 'typebox/value';
import { feedKey } from '../../api/apps/feed.ts';
import { maxReplicas } from '../../api/apps/feed-inventory.ts';
import type { Cycle, Replicas } from '../framework/plugin.ts';

/** Clusters, by `namespace/name`, that shall get nothing new, and why. */
export type Rejected = ReadonlyMap<string, string>;

const closed = { additionalProperties: false };
const filterAnswer = Type.Object(
  { rejected: Type.Record(Type.String(), Type.String({ minLength: 1 })) },
  closed,
);
const scoreAnswer = Type.Object(
  { scores: Type.Record(Type.String(), Type.Number({ minimum: 0, maximum: 100 })) },
  closed,
);
const predictAnswer = Type.Object(
  {
    replicas: Type.Record(
      Type.String(),
      Type.Record(Type.String(), Type.Integer({ minimum: 0, maximum: maxReplicas })),
    ),
  },
  closed,
);
const longestReason = 200;

/** Reads the answer to `filter`; throws an Error that says what is wrong with it. */
export function readRejected(json: string, asked: ReadonlySet<string>): Rejected {
  const { rejected } = read(filterAnswer, json);
  return known(
    Object.entries(rejected).map(([key, reason]) => [key, oneLine(reason)] as const),
    asked,
  );
}

/** Reads the answer to `score`: 0 to 100 by cluster. One that is missing has 0. */
export function readScores(json: string, asked: ReadonlySet<string>): ReadonlyMap<string, number> {
  return known(Object.entries(read(scoreAnswer, json).scores), asked);
}

/** Reads the answer to `predict`: replicas by cluster and feed. One that is missing is not predicted. */
export function readReplicas(
  json: string,
  asked: ReadonlySet<string>,
  { subscription }: Cycle,
): ReadonlyMap<string, Replicas> {
  const { replicas } = read(predictAnswer, json);
  const feeds = new Set(subscription.spec.feeds.map(feedKey));
  const odd = Object.values(replicas)
    .flatMap(Object.keys)
    .find(feed => !feeds.has(feed));
  if (odd !== undefined)
    throw new Error(`it speaks of a feed that was not asked about: ${quote(odd)}`);
  return known(Object.entries(replicas), asked);
}

function read<Schema extends TSchema>(schema: Schema, json: string): Static<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new Error('it is not JSON', { cause });
  }
  const [problem] = Value.Errors(schema, value);
  if (problem) throw new Error(`${quote(problem.instancePath || '/')} ${problem.message}`);
  return value as Static<Schema>;
}

/** An answer about others is an answer to another question: none of it is believed. */
function known<Entry>(
  entries: readonly (readonly [string, Entry])[],
  asked: ReadonlySet<string>,
): ReadonlyMap<string, Entry> {
  const odd = entries.find(([key]) => !asked.has(key));
  if (odd) throw new Error(`it speaks of a cluster that was not asked about: ${quote(odd[0])}`);
  return new Map(entries);
}

/** It becomes part of a condition. */
function oneLine(text: string): string {
  return (
    text
      .replaceAll(/[^\x21-\x7e]+/g, ' ')
      .trim()
      .slice(0, longestReason) || 'are rejected'
  );
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
