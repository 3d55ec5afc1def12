import type { ResourceInterpreter } from '../../api/apps/resource-interpreter.ts';
import { Interpreters } from '../../interpret/interpreters.ts';
import { kindOf } from '../../interpret/resolve-interpreters.ts';
import type { Change, Informer } from '../../reconcile/informer.ts';
import { type Source, watchObjects } from '../../reconcile/source.ts';

/** The ResourceInterpreters at work; what changes is in force at once. */
export class InterpreterSet {
  readonly informer: Informer<ResourceInterpreter>;
  #current: Interpreters | undefined;

  constructor(informer: Informer<ResourceInterpreter>) {
    this.informer = informer;
    informer.onChange(change => {
      if (isNews(change)) this.#current = undefined;
    });
  }

  get current(): Interpreters {
    this.#current ??= new Interpreters(this.informer.list());
    return this.#current;
  }

  /**
   * Feeds the keys of whatever is concerned with the kinds that are interpreted, or were until now: one interpreter may be the base of
   * others, or make room for another of its kind.
   */
  source(keysOf: (kind: string) => readonly string[]): Source {
    return watchObjects(this.informer, {
      when: isNews,
      enqueue: ({ object, old }) => {
        const concerned = [object, ...(old ? [old] : []), ...this.informer.list()];
        const kinds = new Set(concerned.map(({ spec }) => kindOf(spec.target)));
        return [...kinds].flatMap(keysOf);
      },
    });
  }
}

/** Its status is ours. */
function isNews({ type, object, old }: Change<ResourceInterpreter>): boolean {
  return type !== 'updated' || object.metadata.generation !== old?.metadata.generation;
}
