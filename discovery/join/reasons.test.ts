import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { discoveredClusterSchema } from '../../api/discovery/discovered-cluster.ts';
import { listAt } from '../capi/fields.ts';
import { reasons } from './reasons.ts';

const reference = readFileSync(
  join(import.meta.dirname, '../../docs/reference/discovery.md'),
  'utf8',
);

describe('the reference of discovery', () => {
  it('explains every condition and every reason', () => {
    const rows = reference.split('\n').filter(line => line.startsWith('|'));
    for (const [condition, list] of Object.entries(reasons)) {
      const own = rows.filter(line => line.startsWith(`| \`${condition}\``)).join();
      for (const reason of list) assert.ok(own.includes(`\`${reason}\``), `${condition} ${reason}`);
    }
  });

  it('explains every phase', () => {
    const { status } = discoveredClusterSchema.properties;
    const phases = listAt(status, 'properties', 'phase', 'enum');
    assert.ok(phases.length > 5);
    for (const phase of phases) assert.ok(reference.includes(`\`${phase}\``), String(phase));
  });
});
