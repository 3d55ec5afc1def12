import type { Cycle } from './plugin.ts';

/** Something that one plugin tells another during a cycle, under a name of its own. */
export class Note<Value> {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  write({ notes }: Cycle, value: Value): void {
    notes.set(this.#name, value);
  }

  /** Undefined when nobody has written it in this cycle. */
  read({ notes }: Cycle): Value | undefined {
    return notes.get(this.#name) as Value | undefined;
  }
}
