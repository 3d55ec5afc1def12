import type { Runner } from 'mocha';
import mocha from 'mocha';

/** Mocha's spec output followed by the one line CI reads: `N passed, N failed, N skipped`. */
export default class SummaryReporter extends mocha.reporters.Spec {
  constructor(runner: Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    runner.once('end', () => {
      const { passes = 0, failures = 0, pending = 0 } = this.stats ?? {};
      process.stdout.write(`${passes} passed, ${failures} failed, ${pending} skipped\n`);
    });
  }
}
