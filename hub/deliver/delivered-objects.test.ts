import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Subscription } from '../../api/apps/subscription.ts';
import { isDnsLabel, isLabelValue } from '../../api/label-syntax.ts';
import { labels } from '../../api/well-known.ts';
import { baseFor, baseName, descriptionFor } from './delivered-objects.ts';

function subscription(name: string, uid = 'u1'): Subscription {
  return {
    apiVersion: 'apps.clusternet.io/v1alpha1',
    kind: 'Subscription',
    metadata: { name, namespace: 'default', uid },
    spec: { subscribers: [], feeds: [] },
  };
}

const cluster = {
  apiVersion: 'clusters.clusternet.io/v1beta1',
  kind: 'ManagedCluster',
  metadata: { name: 'edge', namespace: 'clusternet-1' },
  spec: { clusterId: 'id', syncMode: 'Pull' as const },
};

const letter = fc.constantFrom(...'abc019-.');
const names = fc
  .array(letter, { minLength: 1, maxLength: 200 })
  .map(letters => letters.join(''))
  .filter(name => /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name));

describe('what is made for one cluster', () => {
  it('has a name that fits a label, whatever the Subscription is called', () => {
    fc.assert(
      fc.property(names, name => {
        const base = baseFor(subscription(name), cluster);
        const description = descriptionFor(subscription(name), cluster, base, []);
        const made = `${base.metadata.name}-generic`;
        assert.equal(description.metadata.name, made);
        assert.ok(made.length <= 63 && (isDnsLabel(made) || made.includes('.')), made);
        for (const object of [base, description]) {
          for (const value of Object.values(object.metadata.labels ?? {})) {
            assert.ok(isLabelValue(value), value);
          }
        }
      }),
    );
  });

  it('has the same name whenever it is made, and another one for a Subscription made anew', () => {
    assert.equal(baseName(subscription('shop')), baseName(subscription('shop')));
    assert.notEqual(baseName(subscription('shop')), baseName(subscription('shop', 'u2')));
  });

  it('names its Subscription and its cluster in labels, the Description too', () => {
    const base = baseFor(subscription('shop'), cluster);
    const { metadata } = descriptionFor(subscription('shop'), cluster, base, []);
    assert.equal(metadata.labels?.[labels.subscriptionName], 'shop');
    assert.equal(metadata.labels?.[labels.subscriptionUid], 'u1');
    assert.equal(metadata.labels?.[labels.clusterId], 'id');
    assert.equal(metadata.labels?.[labels.configName], base.metadata.name);
  });
});
