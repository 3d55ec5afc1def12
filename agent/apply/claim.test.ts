import assert from 'node:assert/strict';
import { annotations } from '../../api/well-known.ts';
import { judgeClaim, judgeFarewell } from './claim.ts';

const entry = { group: 'apps', version: 'v1', kind: 'Deployment', name: 'web' };

function object(owner?: string, uid = 'u1') {
  const marks = owner === undefined ? {} : { [annotations.ownedByDescription]: owner };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', uid, annotations: marks },
  };
}

function claimant(adopt: boolean, ...others: string[]) {
  return { owner: 'ns.me', adopt, isWantedBy: (owner: string) => others.includes(owner) };
}

describe('judgeClaim', () => {
  it('applies with force what is not there, what is ours, and what a gone Description left behind', () => {
    const forced = { verdict: 'apply', force: true, found: false };
    assert.deepEqual(judgeClaim(undefined, undefined, claimant(false)), forced);
    assert.deepEqual(judgeClaim(object('ns.me'), entry, claimant(false)), forced);
    assert.deepEqual(judgeClaim(object('ns.gone'), undefined, claimant(false)), forced);
  });

  it('never takes what another living Description wants, not even to adopt it', () => {
    const claim = judgeClaim(object('ns.other'), undefined, claimant(true, 'ns.other'));
    assert.equal(claim.verdict, 'conflict');
    assert.match(claim.verdict === 'conflict' ? claim.message : '', /Description ns\.other/);
  });

  it('does not force what others made, now or later, until it may adopt it', () => {
    const gentle = { verdict: 'apply', force: false, found: true };
    const adopted = { verdict: 'apply', force: true, found: false };
    assert.deepEqual(judgeClaim(object(), undefined, claimant(false)), gentle);
    assert.deepEqual(
      judgeClaim(object('ns.me'), { ...entry, found: true }, claimant(false)),
      gentle,
    );
    assert.deepEqual(judgeClaim(object(), undefined, claimant(true)), adopted);
    assert.deepEqual(
      judgeClaim(object('ns.me'), { ...entry, found: true }, claimant(true)),
      adopted,
    );
  });
});

describe('an object that says it was there before us', () => {
  const ours = object('ns.me');
  const marks = { ...ours.metadata.annotations, [annotations.foundInPlace]: 'true' };
  const found = { ...ours, metadata: { ...ours.metadata, annotations: marks } };

  it('is neither forced nor deleted, even when no inventory knows', () => {
    const gentle = { verdict: 'apply', force: false, found: true };
    assert.deepEqual(judgeClaim(found, undefined, claimant(false)), gentle);
    assert.equal(judgeFarewell({ ...entry, uid: 'u1' }, found, 'ns.me'), 'release');
  });
});

describe('judgeFarewell', () => {
  it('deletes only the very object that was applied', () => {
    const applied = { ...entry, uid: 'u1' };
    assert.equal(judgeFarewell(applied, object('ns.me', 'u1'), 'ns.me'), 'delete');
    assert.equal(judgeFarewell(applied, object('ns.me', 'u2'), 'ns.me'), 'gone');
    assert.equal(judgeFarewell(applied, undefined, 'ns.me'), 'gone');
  });

  it('leaves what another Description has taken over', () => {
    assert.equal(judgeFarewell({ ...entry, uid: 'u1' }, object('ns.other'), 'ns.me'), 'leave');
  });

  it('needs proof: a UID when the mark is gone, a mark when no UID was noted', () => {
    assert.equal(judgeFarewell({ ...entry, uid: 'u1' }, object(), 'ns.me'), 'delete');
    assert.equal(judgeFarewell(entry, object('ns.me'), 'ns.me'), 'delete');
    assert.equal(judgeFarewell(entry, object(), 'ns.me'), 'leave');
  });

  it('lets go of what was there before us instead of deleting it', () => {
    const found = { ...entry, uid: 'u1', found: true } as const;
    assert.equal(judgeFarewell(found, object('ns.me'), 'ns.me'), 'release');
    assert.equal(judgeFarewell(found, object(), 'ns.me'), 'leave');
  });
});
