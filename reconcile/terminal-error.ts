/** Thrown by a reconcile for what no retry can mend: the key waits until one of its objects changes. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
}
