import type { Answer } from './assumed-replicas.ts';

/** The last answers to the questions asked last; a text that is asked of many clusters is kept once. */
export class AnswerMemory {
  readonly #most: number;
  readonly #questions = new Map<string, Map<string, Answer>>();

  /** Remembers the answers of all clusters to at most so many questions. */
  constructor(most: number) {
    this.#most = most;
  }

  get(cluster: string, question: string): Answer | undefined {
    return this.#questions.get(question)?.get(cluster);
  }

  set(cluster: string, question: string, answer: Answer): void {
    const answers = this.#questions.get(question) ?? new Map<string, Answer>();
    answers.set(cluster, answer);
    this.#questions.delete(question);
    this.#questions.set(question, answers);
    if (this.#questions.size <= this.#most) return;
    for (const oldest of this.#questions.keys()) {
      this.#questions.delete(oldest);
      return;
    }
  }
}
