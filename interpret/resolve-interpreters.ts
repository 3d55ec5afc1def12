import type {
  ResourceInterpreter,
  ResourceInterpreterSpec,
} from '../api/apps/resource-interpreter.ts';
import {
  type CompileProblem,
  compileInterpreter,
  compileProblems,
  type Interpreter,
} from './compile-interpreter.ts';

/** Reasons of condition Ready of a ResourceInterpreter. */
export const interpreterReasons = [
  'Ready',
  'DuplicateKind',
  'BaseMissing',
  'BaseCycle',
  ...compileProblems,
] as const;

export interface InterpreterProblem extends Omit<CompileProblem, 'reason'> {
  readonly reason: Exclude<(typeof interpreterReasons)[number], 'Ready'>;
}

/** What is there for a kind: an interpreter at work, or why there is none although somebody wants one. */
export type Resolved = { readonly name: string } & (
  | { readonly interpreter: Interpreter }
  | { readonly problem: InterpreterProblem }
);

export interface Resolution {
  /** By `apiVersion/kind`. */
  readonly byKind: ReadonlyMap<string, Resolved>;
  /** What is wrong, by the name of the ResourceInterpreter; those that work are absent. */
  readonly problems: ReadonlyMap<string, InterpreterProblem>;
}

type Spec = ResourceInterpreterSpec;

/** Decides who interprets which kind. What is wrong with one concerns its kind only, and those that have it as their base. */
export function resolveInterpreters(all: readonly ResourceInterpreter[]): Resolution {
  const sorted = [...all].sort(byAge);
  const specs = new Map(sorted.map(each => [nameOf(each), each.spec]));
  const byKind = new Map<string, Resolved>();
  const problems = new Map<string, InterpreterProblem>();
  for (const { metadata, spec } of sorted) {
    const { name = '' } = metadata;
    const kind = kindOf(spec.target);
    const earlier = byKind.get(kind);
    const result = earlier ? duplicate(kind, earlier.name) : resolve(name, specs);
    if ('problem' in result) problems.set(name, result.problem);
    if (earlier === undefined) byKind.set(kind, { name, ...result });
  }
  return { byKind, problems };
}

/** How a kind is called here. */
export function kindOf({ apiVersion, kind }: Spec['target']): string {
  return `${apiVersion}/${kind}`;
}

function nameOf({ metadata }: ResourceInterpreter): string {
  return metadata.name ?? '';
}

/** The oldest first: who comes later takes nothing from anybody. */
function byAge(a: ResourceInterpreter, b: ResourceInterpreter): number {
  const [first, second] = [a, b].map(
    each => `${each.metadata.creationTimestamp ?? ''} ${nameOf(each)}`,
  );
  return (first ?? '') < (second ?? '') ? -1 : 1;
}

type Result = { readonly interpreter: Interpreter } | { readonly problem: InterpreterProblem };

function duplicate(kind: string, name: string): Result {
  const problem = `${kind} is interpreted by ResourceInterpreter ${name}, which is older`;
  return { problem: { reason: 'DuplicateKind', field: 'spec.target', problem } };
}

function resolve(name: string, specs: ReadonlyMap<string, Spec>): Result {
  const merged = withBases(name, specs);
  if ('problem' in merged) return { problem: merged };
  const compiled = compileInterpreter(merged);
  return 'problem' in compiled ? { problem: compiled } : compiled;
}

/** The spec with what its bases say where it says nothing itself. */
function withBases(name: string, specs: ReadonlyMap<string, Spec>): Spec | InterpreterProblem {
  const path = [name];
  let merged = specs.get(name);
  while (merged?.base !== undefined) {
    const { base } = merged;
    const next = specs.get(base);
    const seen = path.includes(base);
    path.push(base);
    if (seen) return baseProblem('BaseCycle', `${path.join(' → ')} ends nowhere`);
    if (next === undefined) return missing(base);
    merged = over(next, merged);
  }
  return merged ?? missing(name);
}

function missing(name: string): InterpreterProblem {
  return baseProblem('BaseMissing', `there is no ResourceInterpreter ${name}`);
}

function baseProblem(reason: 'BaseCycle' | 'BaseMissing', problem: string): InterpreterProblem {
  return { reason, field: 'spec.base', problem };
}

/** A webhook answers for replicas and requirements, so who has one takes neither from a base, and the other way round. */
function over(base: Spec, own: Spec): Spec {
  const { replicas, requirements, webhook, ...rest } = base;
  const { base: _, ...mine } = own;
  if (mine.webhook) return { ...rest, ...mine };
  const hasOwn = mine.replicas !== undefined || mine.requirements !== undefined;
  return {
    ...rest,
    ...(replicas && { replicas }),
    ...(requirements && { requirements }),
    ...(webhook && !hasOwn && { webhook }),
    ...mine,
  };
}
