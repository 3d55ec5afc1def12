import { X509Certificate } from 'node:crypto';
import { Value } from 'typebox/value';
import { type ReplicaRequirements, replicaRequirementsSchema } from '../api/apps/feed-inventory.ts';
import type { ResourceInterpreterSpec } from '../api/apps/resource-interpreter.ts';
import type { ReplicaStatus } from '../api/apps/subscription.ts';
import type { DynamicObject } from '../api/kube-object.ts';
import {
  compileExpression,
  type Expression,
  type ResultType,
  type Variable,
} from './expression.ts';
import type { Interpretation, Misfit, Verdict } from './interpretation.ts';
import { podRequirements } from './pod-requirements.ts';
import { readCounters } from './read-counters.ts';
import { readReplicas } from './read-replicas.ts';
import { valueAt } from './value-at.ts';
import { Webhook } from './webhook.ts';
import { TimeLimitError } from './within-time.ts';

/** How an object fares in one cluster, as far as an interpreter says. */
export interface Observation {
  readonly available?: boolean;
  readonly replicaStatus?: ReplicaStatus;
}

/** An interpreter at work. */
export interface Interpreter {
  /** What an object asks for; undefined when the interpreter is about how objects fare only. */
  readonly interpret?: (object: DynamicObject, signal: AbortSignal) => Promise<Verdict>;
  /** How an object with this `status` fares. Throws an Error in one line that begins with the field. */
  readonly observe?: (status: Readonly<Record<string, unknown>>) => Observation;
}

/** Reasons of condition Ready of a ResourceInterpreter that cannot be compiled. */
export const compileProblems = ['ExpressionInvalid', 'CABundleInvalid'] as const;

/** A field of an interpreter that cannot be used. */
export interface CompileProblem {
  readonly reason: (typeof compileProblems)[number];
  readonly field: string;
  readonly problem: string;
}

/** What an expression gave for one object is nothing that can be used. */
class FieldError extends Error {
  readonly field: string;
  readonly problem: string;

  constructor(field: string, problem: string) {
    super(`${field}: ${problem}`);
    this.field = field;
    this.problem = problem;
  }
}

/** Makes an interpreter of what a spec says, its base included. */
export function compileInterpreter(
  spec: ResourceInterpreterSpec,
): { readonly interpreter: Interpreter } | CompileProblem {
  const problems: CompileProblem[] = [];
  const compile = (
    field: string,
    text: string | undefined,
    variable: Variable,
    wanted: ResultType,
  ): Evaluate | undefined => {
    if (text === undefined) return undefined;
    const compiled = compileExpression(text, variable, wanted);
    if (typeof compiled !== 'string') return evaluateAt(field, compiled);
    problems.push({ reason: 'ExpressionInvalid', field, problem: compiled });
    return undefined;
  };
  const { replicas, requirements, health, status, webhook } = spec;
  const count = compile('spec.replicas.expression', replicas?.expression, 'object', 'int');
  const needs = compile('spec.requirements.expression', requirements?.expression, 'object', 'map');
  const isHealthy = compile('spec.health', health, 'status', 'bool');
  const counters = compile('spec.status', status, 'status', 'map');
  if (webhook && !isCertificate(webhook.caBundle)) {
    const problem = 'it is no PEM certificate in base64';
    problems.push({ reason: 'CABundleInvalid', field: 'spec.webhook.caBundle', problem });
  }
  const [problem] = problems;
  if (problem !== undefined) return problem;
  const interpret = interpretBy(spec, count, needs);
  const observe = observeBy(isHealthy, counters);
  return { interpreter: { ...(interpret && { interpret }), ...(observe && { observe }) } };
}

function isCertificate(base64: string): boolean {
  try {
    return new X509Certificate(Buffer.from(base64, 'base64')).subject !== '';
  } catch {
    return false;
  }
}

/** Throws a FieldError. */
type Evaluate = (input: Readonly<Record<string, unknown>>) => unknown;

/** After so many that took too long an expression is not evaluated again before it changes: each holds everything up. */
const mostTimeouts = 3;

function evaluateAt(field: string, expression: Expression): Evaluate {
  let timeouts = 0;
  return input => {
    if (timeouts === mostTimeouts) {
      const problem = `it took too long ${timeouts} times, and is not evaluated again before it changes`;
      throw new FieldError(field, problem);
    }
    try {
      return expression.evaluate(input);
    } catch (error) {
      if (error instanceof TimeLimitError) timeouts += 1;
      throw new FieldError(field, (error as Error).message);
    }
  };
}

function interpretBy(
  spec: ResourceInterpreterSpec,
  count: Evaluate | undefined,
  needs: Evaluate | undefined,
): Interpreter['interpret'] {
  const { replicas, requirements, webhook } = spec;
  if (webhook !== undefined) return askBy(webhook);
  if (replicas === undefined && requirements === undefined) return undefined;
  return async object => {
    try {
      const wanted = replicas && wantedReplicas(object, replicas.path, count);
      const needed = requirements && neededBy(object, requirements.podSpec, needs);
      if (wanted && 'misfit' in wanted) return wanted;
      if (needed && 'misfit' in needed) return needed;
      return { interpretation: { ...wanted, ...needed } };
    } catch (error) {
      if (error instanceof FieldError) return { misfit: failed(error.field, error.problem) };
      throw error;
    }
  };
}

function askBy(spec: NonNullable<ResourceInterpreterSpec['webhook']>): Interpreter['interpret'] {
  const webhook = new Webhook(spec);
  return async (object, signal) => {
    try {
      return { interpretation: await webhook.ask(object, signal) };
    } catch (error) {
      signal.throwIfAborted();
      const problem = `${spec.url}: ${(error as Error).message}`;
      return { misfit: { reason: 'WebhookFailed', field: 'spec.webhook', problem } };
    }
  };
}

function wantedReplicas(
  object: DynamicObject,
  path: string,
  count: Evaluate | undefined,
): Interpretation | { readonly misfit: Misfit } {
  const replicaJsonPath = path.replaceAll('.', '/');
  const replicas = readReplicas(count ? count(object) : valueAt(object, replicaJsonPath));
  if (typeof replicas === 'number') return { replicas, replicaJsonPath };
  if (count) return { misfit: failed('spec.replicas.expression', replicas) };
  return { misfit: { reason: 'FieldInvalid', field: replicaJsonPath, problem: replicas } };
}

function neededBy(
  object: DynamicObject,
  podSpec: string | undefined,
  needs: Evaluate | undefined,
): { readonly requirements: ReplicaRequirements } | { readonly misfit: Misfit } {
  if (needs === undefined) {
    const pointer = (podSpec ?? '').replaceAll('.', '/');
    return podRequirements(valueAt(object, pointer), pointer);
  }
  const requirements = Value.Clean(replicaRequirementsSchema, needs(object));
  const [error] = Value.Errors(replicaRequirementsSchema, requirements);
  if (error === undefined) return { requirements: requirements as ReplicaRequirements };
  const problem = `the result${error.instancePath} ${error.message}`;
  return { misfit: failed('spec.requirements.expression', problem) };
}

function failed(field: string, problem: string): Misfit {
  return { reason: 'InterpreterFailed', field, problem };
}

function observeBy(
  isHealthy: Evaluate | undefined,
  counters: Evaluate | undefined,
): Interpreter['observe'] {
  if (isHealthy === undefined && counters === undefined) return undefined;
  return status => {
    const available = isHealthy?.(status);
    if (available !== undefined && typeof available !== 'boolean') {
      throw new FieldError('spec.health', 'the result is neither true nor false');
    }
    const replicaStatus = counters && readCounters(counters(status));
    if (typeof replicaStatus === 'string') throw new FieldError('spec.status', replicaStatus);
    return {
      ...(available !== undefined && { available }),
      ...(replicaStatus && { replicaStatus }),
    };
  };
}
