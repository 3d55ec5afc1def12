import { Environment } from '@marcbachmann/cel-js';
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
/** Nodes of a result; what is larger is no answer to any question here. */
const resultNodes = 10_000;

const environments = {
  object: environmentOf('object'),
  status: environmentOf('status'),
};

function environmentOf(variable: Variable): Environment {
  const options = { enableOptionalTypes: true, homogeneousAggregateLiterals: false, limits };
  return new Environment(options).registerVariable(variable, 'map');
}

/** Parses and checks an expression; text says what is wrong with it. */
export function compileExpression(
  text: string,
  variable: Variable,
  wanted: ResultType,
): Expression | string {
  const environment = environments[variable];
  const { valid, type, error } = environment.check(text);
  if (!valid) return firstLine(error);
  const found = String(type);
  if (found !== 'dyn' && !found.startsWith(wanted)) return `it is a ${found}, not a ${wanted}`;
  const run = environment.parse(text);
  return {
    evaluate(input) {
      try {
        return withinTime(evaluationMs, () => {
          const budget = { left: resultNodes };
          return toJson(run({ [variable]: toCel(input) }), budget);
        });
      } catch (error) {
        throw error instanceof TimeLimitError ? error : new Error(firstLine(error));
      }
    },
  };
}

/** Whole numbers are CEL's int, as in the API server. */
function toCel(value: unknown): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(toCel);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, toCel(member)]));
}

function toJson(value: unknown, budget: { left: number }): unknown {
  budget.left -= 1;
  if (budget.left < 0) throw new Error(`the result has more than ${resultNodes} values`);
  switch (typeof value) {
    case 'bigint':
      return Number(value);
    case 'string':
    case 'boolean':
    case 'number':
      return value;
    default:
      return membersToJson(value, budget);
  }
}

function membersToJson(value: unknown, budget: { left: number }): unknown {
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
  return Object.fromEntries(entries.map(([name, member]) => [name, toJson(member, budget)]));
}

/** What follows the first line repeats the expression. */
function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split('\n')[0] ?? '').trim().slice(0, 300);
}
