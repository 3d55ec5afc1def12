import assert from 'node:assert/strict';
import fc from 'fast-check';
import { managedClusterName } from './cluster-name.ts';
import { isDnsLabel } from './label-syntax.ts';

const ownerNames = fc.stringMatching(/^[a-z0-9]([-a-z0-9.]{0,100}[a-z0-9])?$/);

describe('managedClusterName', () => {
  it('is the name of the Cluster when that is a DNS label', () => {
    assert.equal(managedClusterName({ namespace: 'default', name: 'edge-1' }), 'edge-1');
    const longest = 'a'.repeat(63);
    assert.equal(managedClusterName({ namespace: 'default', name: longest }), longest);
  });

  it('is otherwise a safe beginning and eight digits that depend on namespace and name', () => {
    const name = managedClusterName({ namespace: 'team-a', name: 'edge.eu.example' });
    assert.match(name, /^edge-eu-example-[0-9a-f]{8}$/);
    assert.notEqual(name, managedClusterName({ namespace: 'team-b', name: 'edge.eu.example' }));
    assert.equal(managedClusterName({ namespace: 'x', name: 'a'.repeat(64) }).length, 63);
    assert.match(managedClusterName({ namespace: 'x', name: '...' }), /^cluster-[0-9a-f]{8}$/);
  });

  it('is always a DNS label, and the same each time', () => {
    fc.assert(
      fc.property(ownerNames, name => {
        const owner = { namespace: 'default', name };
        assert.equal(isDnsLabel(managedClusterName(owner)), true);
        assert.equal(managedClusterName(owner), managedClusterName({ ...owner }));
      }),
    );
  });
});
