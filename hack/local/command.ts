/**
 * Runs one of our commands: an interrupt aborts it in order, and a failure is printed as its message, without a stack, because
 * it is meant for a person at a terminal. Sets the exit code.
 */
export async function runCommand(task: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    // Not once: the shell and npm may each pass the same Ctrl-C on.
    process.on(name, () => interrupted.abort());
  }
  try {
    await task(interrupted.signal);
  } catch (error) {
    if (interrupted.signal.aborted) {
      console.error('interrupted: run it again to go on, or "npm run down" to undo it');
      process.exitCode = 130;
    } else {
      console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
      process.exitCode = 1;
    }
  }
}
