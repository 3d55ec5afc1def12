import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Runner, Test } from 'mocha';
import mocha from 'mocha';

const results = join(fileURLToPath(import.meta.url), '../../node_modules/.cache/test-results');

/**
 * Mocha's spec output followed by the one line CI reads: `N passed, N failed, N skipped`.
 * With TEST_RESULTS=NAME it also writes every title and its state to NAME.json, which the proof map is checked against.
 */
export default class SummaryReporter extends mocha.reporters.Spec {
  constructor(runner: Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const states: Record<string, string> = {};
    const note = (state: string) => (test: Test) => {
      states[test.fullTitle()] = state;
    };
    runner.on('pass', note('passed'));
    runner.on('fail', note('failed'));
    runner.on('pending', note('skipped'));
    runner.once('end', () => {
      const { passes = 0, failures = 0, pending = 0 } = this.stats ?? {};
      const name = process.env.TEST_RESULTS;
      if (name !== undefined) {
        mkdirSync(results, { recursive: true });
        writeFileSync(join(results, `${name}.json`), JSON.stringify(states));
      }
      process.stdout.write(`${passes} passed, ${failures} failed, ${pending} skipped\n`);
    });
  }
}
