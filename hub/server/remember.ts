export interface RememberOptions<Question, Answer> {
  readonly keyOf: (question: Question) => string;
  /** How long an answer stays good, in milliseconds. */
  readonly keepMs: (answer: Answer) => number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Answers kept at most; the oldest goes first. */
  readonly capacity?: number;
}

/** Asks `ask` and remembers the answer for a while. Equal questions in flight are asked once; a failure is not remembered. */
export function remember<Question, Answer>(
  ask: (question: Question) => Promise<Answer>,
  { keyOf, keepMs, now, capacity = 4_096 }: RememberOptions<Question, Answer>,
): (question: Question) => Promise<Answer> {
  const known = new Map<string, { readonly answer: Answer; readonly expires: number }>();
  const inFlight = new Map<string, Promise<Answer>>();

  const askAndKeep = async (key: string, question: Question): Promise<Answer> => {
    try {
      const answer = await ask(question);
      known.delete(key);
      known.set(key, { answer, expires: now() + keepMs(answer) });
      const oldest = known.keys().next();
      if (known.size > capacity && oldest.done !== true) known.delete(oldest.value);
      return answer;
    } finally {
      inFlight.delete(key);
    }
  };

  return question => {
    const key = keyOf(question);
    const found = known.get(key);
    if (found !== undefined && found.expires > now()) return Promise.resolve(found.answer);
    const pending = inFlight.get(key) ?? askAndKeep(key, question);
    inFlight.set(key, pending);
    return pending;
  };
}
