export interface LivenessState {
  /** All times in milliseconds of one monotonic clock. */
  readonly now: number;
  readonly lastReceivedAt: number;
  /** When the timer was due that brought us here. */
  readonly dueAt: number;
  readonly idleMs: number;
  readonly deadMs: number;
}

export type LivenessVerdict =
  | { readonly kind: 'dead' }
  | { readonly kind: 'alive' | 'ask'; readonly nextInMs: number };

/** A timer this late means that we stood still, so the silence may be ours and not the peer's. */
const OWN_PAUSE_MS = 1_000;

/** Decides from the time of the last received byte whether to wait, to ping, or to give the peer up. */
export function judgeLiveness(state: LivenessState): LivenessVerdict {
  const { now, lastReceivedAt, dueAt, idleMs, deadMs } = state;
  const silence = now - lastReceivedAt;
  if (silence < idleMs) return { kind: 'alive', nextInMs: idleMs - silence };
  if (now - dueAt > OWN_PAUSE_MS) return { kind: 'ask', nextInMs: deadMs - idleMs };
  if (silence >= deadMs) return { kind: 'dead' };
  return { kind: 'ask', nextInMs: deadMs - silence };
}

export interface LivenessOptions {
  readonly idleMs: number;
  readonly deadMs: number;
  /** performance.now() of the last byte from the peer. */
  readonly lastReceivedAt: () => number;
  /** Sends a sign of life that the peer answers. */
  readonly ask: () => void;
  readonly dead: (silentMs: number) => void;
}

/** Watches one peer until stopped, with one timer that is set anew only when it fires. */
export function watchLiveness(options: LivenessOptions): { stop(): void } {
  const { idleMs, deadMs, lastReceivedAt, ask, dead } = options;
  let timer: NodeJS.Timeout;
  const wait = (inMs: number): void => {
    const dueAt = performance.now() + inMs;
    timer = setTimeout(() => {
      const now = performance.now();
      const state = { now, lastReceivedAt: lastReceivedAt(), dueAt, idleMs, deadMs };
      const verdict = judgeLiveness(state);
      if (verdict.kind === 'dead') return dead(now - state.lastReceivedAt);
      if (verdict.kind === 'ask') ask();
      wait(verdict.nextInMs);
    }, inMs);
  };
  wait(idleMs);
  return { stop: () => clearTimeout(timer) };
}
