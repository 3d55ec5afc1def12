import assert from 'node:assert/strict';
import process from 'node:process';

/** Signals one process that a test found. Finding none fails the test: pid 0 would mean everything that runs the test. */
export function killProcess(pid: number | undefined, signal: NodeJS.Signals = 'SIGKILL'): void {
  assert.ok(pid !== undefined && pid > 1, 'there is a process to signal');
  process.kill(pid, signal);
}
