import type { ResourceInterpreter } from '../api/apps/resource-interpreter.ts';
import type { DynamicObject } from '../api/kube-object.ts';
import type { Observation } from './compile-interpreter.ts';
import { interpretWorkload } from './interpret-workload.ts';
import type { Verdict } from './interpretation.ts';
import { kindOf, type Resolution, resolveInterpreters } from './resolve-interpreters.ts';

type Kind = ResourceInterpreter['spec']['target'];
type ObservedStatus = Readonly<Record<string, unknown>>;

/** What an interpreter says of a status, or why it could not. */
export type Observed = Observation | ObservationFailure;

export interface ObservationFailure {
  /** Name of the ResourceInterpreter. */
  readonly interpreter: string;
  /** One line that begins with its field. */
  readonly failure: string;
}

/** How objects of every kind are to be understood: by ResourceInterpreters, else as Kubernetes' own kinds, else not at all. */
export class Interpreters {
  readonly #resolution: Resolution;
  readonly #observed = new WeakMap<ObservedStatus, Observed>();

  constructor(all: readonly ResourceInterpreter[]) {
    this.#resolution = resolveInterpreters(all);
  }

  /** What is wrong, by the name of the ResourceInterpreter. */
  get problems(): Resolution['problems'] {
    return this.#resolution.problems;
  }

  /** What an object asks for. A kind whose interpreter does not work is not guessed at. */
  async interpret(object: DynamicObject, signal: AbortSignal): Promise<Verdict> {
    const resolved = this.#resolution.byKind.get(kindOf(object));
    if (resolved === undefined) return interpretWorkload(object);
    const at = `ResourceInterpreter ${resolved.name} `;
    if ('problem' in resolved) {
      const { field, problem } = resolved.problem;
      return { misfit: { reason: 'InterpreterNotReady', field: at + field, problem } };
    }
    const { interpret } = resolved.interpreter;
    if (interpret === undefined) return interpretWorkload(object);
    const verdict = await interpret(object, signal);
    if (!('misfit' in verdict) || verdict.misfit.reason === 'FieldInvalid') return verdict;
    return { misfit: { ...verdict.misfit, field: at + verdict.misfit.field } };
  }

  /**
   * How an object of a kind fares by its status; undefined where no ResourceInterpreter says. Remembered for each status, since those of
   * all clusters are asked for whenever one of them changes.
   */
  observe(kind: Kind, status: ObservedStatus): Observed | undefined {
    const resolved = this.#resolution.byKind.get(kindOf(kind));
    if (resolved === undefined || !('interpreter' in resolved)) return undefined;
    const { observe } = resolved.interpreter;
    if (observe === undefined) return undefined;
    return this.#observed.getOrInsertComputed(status, () => {
      try {
        return observe(status);
      } catch (error) {
        return { interpreter: resolved.name, failure: (error as Error).message };
      }
    });
  }
}
