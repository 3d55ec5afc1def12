import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { feedReasons } from '../agent/apply/apply-outcome.ts';
import { joinFailureReasons } from '../agent/register/join-failure.ts';
import { renderedReasons } from '../hub/deliver/delivery-plan.ts';
import { feedProblems } from '../hub/deliver/resolve-feeds.ts';
import { interpretedReasons } from '../hub/feed-inventory/plan-inventory.ts';
import { readyReasons } from '../hub/lifecycle/cluster-health.ts';
import { interpreterReasons } from '../interpret/resolve-interpreters.ts';
import { holdReasons } from '../scheduler/failover/plan-evictions.ts';
import { predictionReasons } from '../scheduler/predict/prediction-error.ts';
import { refusalReasons } from '../scheduler/refusal.ts';

const root = join(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
/** The words in backticks; `True/Reason` counts as Reason. */
const wordsOf = (page: string) =>
  new Set([...read(page).matchAll(/`(?:(?:True|False|Unknown)\/)?(\w+)`/g)].map(match => match[1]));
const conditions = wordsOf('docs/reference/conditions.md');
const discovery = wordsOf('docs/reference/discovery.md');

describe('the reference of conditions', () => {
  const lists = {
    'the scheduler': refusalReasons,
    'a cluster whose capacity is unknown': predictionReasons,
    'evictions that wait': holdReasons,
    'feeds that are not found': feedProblems,
    'condition Rendered': renderedReasons,
    'feeds that are not understood': interpretedReasons,
    'a ResourceInterpreter': interpreterReasons,
    'the agent that applies': feedReasons,
    'an agent that has not joined': joinFailureReasons,
    'the health of a cluster': readyReasons,
  };
  for (const [whose, reasons] of Object.entries(lists)) {
    it(`explains every reason of ${whose}`, () => {
      assert.deepEqual(
        reasons.filter(reason => !conditions.has(reason)),
        [],
      );
    });
  }

  it('explains, with that of discovery, every reason and event that the components name', () => {
    const files = globSync('{hub,interpret,scheduler,agent,discovery}/**/*.ts', {
      cwd: root,
    }).filter(file => !/\.test\.ts$|\/fake-/.test(file));
    const named = files.flatMap(file =>
      [
        ...read(file).matchAll(/(?:reason: |event: |\b(?:normal|warning)\([\s\w.]+,\s*)'(\w+)'/g),
      ].map(match => `${file}: ${match[1]}`),
    );
    assert.ok(named.length > 60, `only ${named.length} found`);
    const unexplained = named.filter(each => {
      const word = each.split(': ')[1];
      return !conditions.has(word) && !discovery.has(word);
    });
    assert.deepEqual(unexplained, []);
  });
});
