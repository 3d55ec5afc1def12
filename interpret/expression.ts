import { Environment } from '@marcbachmann/cel-js';
import { boundSums } from './bound-sums.ts';
import { TimeLimitError, withinTime } from './within-time.ts';

/** A CEL expression over one variable. */
export interface Expression {
  /** The value as JSON has it. Throws an Error whose message is one line, a TimeLimitError when it took too long. */
  evaluate(input: Readonly<Record<string, unknown>>): unknown;
}

/** What an expression may be about. */
export type Variable = 'object' | 'status';

/** What an expression must result in; `dyn`, which nobody can know beforehand, is let pass. */
export type ResultType = 'bool' | 'int' | 'map';

const limits = {
  maxAstNodes: 1000,
  maxDepth: 50,
  maxListElements: 100,
  maxMapEntries: 100,
  maxCallArguments: 10,
};
const evaluationMs = 50;
/** What is larger is no answer to any question here. */
const largestResult = { values: 10_000, characters: 65_536 };
/** Characters of a text, or members of a list, that were added up. */
const longestSum = 65_536;

const environments = {
  object: environmentsOf('object'),
  status: environmentsOf('status'),
};

/** Where expressions are checked as they were written, and where they are evaluated with their sums bounded. */
function environmentsOf(variable: Variable) {
  const options = { enableOptionalTypes: true, homogeneousAggregateLiterals: false, limits };
  const written = new Environment(options).registerVariable(variable, 'map');
  const { maxAstNodes, maxDepth } = limits;
  const withCalls = { ...limits, maxAstNodes: 2 * maxAstNodes, maxDepth: 2 * maxDepth };
  const bounding = written
    .clone({ limits: withCalls })
    .registerFunction('bounded(dyn): dyn', bounded);
  return { written, bounding };
}

function bounded(sum: unknown): unknown {
  const isLong = typeof sum === 'string' || Array.isArray(sum) || sum instanceof Uint8Array;
  if (isLong && sum.length > longestSum) {
    throw new Error(`a sum is longer than ${longestSum} characters or members`);
  }
  return sum;
}

/** Parses and checks an expression; text says what is wrong with it. */
export function compileExpression(
  text: string,
  variable: Variable,
  wanted: ResultType,
): Expression | string {
  const { written, bounding } = environments[variable];
  const { valid, type, error } = written.check(text);
  if (!valid) return firstLine(error);
  const found = String(type);
  if (found !== 'dyn' && !found.startsWith(wanted)) return `it is a ${found}, not a ${wanted}`;
  const run = boundedRun(text, written, bounding);
  if (typeof run === 'string') return run;
  return {
    evaluate(input) {
      try {
        return withinTime(evaluationMs, () => {
          return toJson(run({ [variable]: toCel(input) }), { ...largestResult });
        });
      } catch (error) {
        throw error instanceof TimeLimitError ? error : new Error(firstLine(error));
      }
    },
  };
}

function boundedRun(text: string, written: Environment, bounding: Environment) {
  try {
    return bounding.parse(boundSums(written.parse(text).ast));
  } catch (error) {
    return firstLine(error);
  }
}

/** Whole numbers are CEL's int, as in the API server. */
function toCel(value: unknown): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(toCel);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, toCel(member)]));
}

type Budget = Record<keyof typeof largestResult, number>;

/** Takes from the budget what a part of the result is large. A text that was doubled thirty times is only large once it is read. */
function spend(budget: Budget, what: keyof Budget, amount: number): void {
  budget[what] -= amount;
  if (budget[what] < 0) throw new Error(`the result has more than ${largestResult[what]} ${what}`);
}

function toJson(value: unknown, budget: Budget): unknown {
  spend(budget, 'values', 1);
  switch (typeof value) {
    case 'bigint':
      return Number(value);
    case 'string':
      spend(budget, 'characters', value.length);
      return value;
    case 'boolean':
      return value;
    case 'number':
      if (!Number.isFinite(value)) throw new Error(`the result is not JSON: ${value}`);
      return value;
    default:
      return membersToJson(value, budget);
  }
}

function membersToJson(value: unknown, budget: Budget): unknown {
  if (value === null) return null;
  if (Array.isArray(value)) return value.map(each => toJson(each, budget));
  const prototype = Object.getPrototypeOf(value);
  const entries =
    value instanceof Map
      ? [...value].map(([key, member]) => [String(key), member] as const)
      : Object.entries(value as object);
  if (!(value instanceof Map) && prototype !== Object.prototype && prototype !== null) {
    throw new Error('the result is not JSON');
  }
  return Object.fromEntries(
    entries.map(([name, member]) => {
      spend(budget, 'characters', name.length);
      return [name, toJson(member, budget)];
    }),
  );
}

/** What follows the first line repeats the expression. */
function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split('\n')[0] ?? '').trim().slice(0, 300);
}
