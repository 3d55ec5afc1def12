/** Time as the controllers see it; tests put a fake one in its place. */
export interface Clock {
  /** Wall time: for what people read, never for measuring. */
  now(): Date;
  /** Milliseconds that never go back and do not follow clock corrections. */
  monotonic(): number;
  /** Runs `callback` once after `ms`; the returned function cancels it. Never keeps the process alive. */
  after(ms: number, callback: () => void): () => void;
}

/** Above this Node fires a timer at once instead of late. */
const longestTimerMs = 2 ** 31 - 1;

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, Math.min(Math.max(ms, 0), longestTimerMs));
    timer.unref();
    return () => clearTimeout(timer);
  },
};
