import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Description } from '../../api/apps/description.ts';
import { summarize } from './description-summary.ts';
import { whyProtected } from './protected-object.ts';
import { renderDescription } from './rendered-description.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const raw = (object: object) => base64(JSON.stringify(object));

function description(...texts: string[]): Description {
  return {
    apiVersion: 'apps.clusternet.io/v1alpha1',
    kind: 'Description',
    metadata: { namespace: 'clusternet-x', name: 'app', uid: 'd1' },
    spec: { deployer: 'Generic', raw: texts },
  };
}

const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace: 'n' } };

describe('renderDescription', () => {
  it('marks objects as ours and takes off what only a server writes', () => {
    const full = {
      ...configMap,
      metadata: {
        ...configMap.metadata,
        uid: 'u',
        resourceVersion: '7',
        managedFields: [],
        labels: { a: 'b' },
      },
      data: { k: 'v' },
      status: { x: 1 },
    };
    const [rendered] = renderDescription(description(raw(full))).objects;
    assert.deepEqual(rendered?.object, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: 'c',
        namespace: 'n',
        labels: { a: 'b', 'apps.clusternet.io/description.uid': 'd1' },
        annotations: { 'apps.clusternet.io/owned-by-description': 'clusternet-x.app' },
      },
      data: { k: 'v' },
    });
  });

  it('says which entry is wrong and keeps the others', () => {
    const { objects, problems } = renderDescription(
      description('!', base64('7'), raw({ kind: 'X' }), raw(configMap), raw(configMap)),
    );
    assert.equal(objects.length, 1);
    assert.deepEqual(problems, [
      'spec.raw[0]: is not JSON in base64',
      'spec.raw[1]: is not a JSON object',
      'spec.raw[2]: has no apiVersion',
      'spec.raw[4]: ConfigMap n/c is there twice',
    ]);
  });

  it('never throws, whatever is in it', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.string(),
            fc.jsonValue().map(value => base64(JSON.stringify(value))),
          ),
        ),
        texts => {
          const { objects, problems } = renderDescription(description(...texts));
          assert.equal(objects.length + problems.length, texts.length);
        },
      ),
    );
  });
});

describe('whyProtected', () => {
  const at = (namespace: string, apiVersion = 'v1', kind = 'ConfigMap') =>
    whyProtected({ apiVersion, kind, metadata: { name: 'x', namespace } });

  it('keeps the agent of the parent away from what the parent is made of', () => {
    assert.match(at('clusternet-system') ?? '', /belongs to the parent/);
    assert.match(at('capi-system') ?? '', /belongs to the parent/);
    assert.match(at('any', 'cluster.x-k8s.io/v1beta2', 'Cluster') ?? '', /cluster\.x-k8s\.io/);
    assert.match(at('any', 'apps.clusternet.io/v1alpha1', 'Subscription') ?? '', /clusternet\.io/);
    const definition = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'subscriptions.apps.clusternet.io' },
    };
    assert.match(whyProtected(definition) ?? '', /clusternet\.io/);
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'clusternet-1' } };
    assert.match(whyProtected(namespace) ?? '', /clusternet-1/);
  });

  it('lets everything else pass', () => {
    assert.equal(at('shop'), undefined);
    assert.equal(at('shop', 'notclusternet.io/v1', 'Thing'), undefined);
  });
});

describe('summarize', () => {
  const feed = { apiVersion: 'v1', kind: 'ConfigMap', name: 'c' };

  it('is a success when everything was applied', () => {
    assert.deepEqual(summarize([{ feed }, { feed }]), {
      phase: 'Success',
      reason: 'Applied',
      message: '2 objects are applied',
    });
  });

  it('takes its reason from the first failure and tells all of them', () => {
    const summary = summarize([
      { feed },
      { feed, reason: 'Forbidden', message: 'one' },
      { feed, reason: 'Conflict', message: 'two' },
    ]);
    assert.equal(summary.phase, 'Failure');
    assert.equal(summary.reason, 'Forbidden');
    assert.equal(summary.message, '2 of 3 objects failed:\none\ntwo');
    assert.equal(summary.retryAfterMs, 30_000);
  });

  it('comes back sooner when the failure may pass by itself', () => {
    assert.equal(summarize([{ feed, reason: 'Unavailable' }]).retryAfterMs, 3_000);
  });
});
