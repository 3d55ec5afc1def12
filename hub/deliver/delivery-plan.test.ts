import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Feed, feedKey } from '../../api/apps/feed.ts';
import type { Manifest } from '../../api/apps/manifest.ts';
import type { Subscription } from '../../api/apps/subscription.ts';
import type { Condition, DynamicObject } from '../../api/kube-object.ts';
import { labels } from '../../api/well-known.ts';
import { inventoryOf } from '../../test/scheduling-objects.ts';
import { type DeliveryFacts, type DeliveryPlan, planDelivery } from './delivery-plan.ts';
import { identityOf } from './manifest-identity.ts';

const web: Feed = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' };
const shop: Feed = { apiVersion: 'v1', kind: 'Namespace', name: 'shop' };

function manifest(feed: Feed, over: Partial<DynamicObject> = {}, name = 'm'): Manifest {
  const { apiVersion, kind, ...metadata } = feed;
  return {
    apiVersion: 'apps.clusternet.io/v1alpha1',
    kind: 'Manifest',
    metadata: { name: `${name}-${feed.name}`, namespace: 'clusternet-reserved' },
    template: { apiVersion, kind, metadata, ...over },
  };
}

function subscription(feeds: readonly Feed[], observedGeneration = 3): Subscription {
  return {
    apiVersion: 'apps.clusternet.io/v1alpha1',
    kind: 'Subscription',
    metadata: { name: 'shop', namespace: 'default', uid: 'u1', generation: 3 },
    spec: { subscribers: [], feeds },
    status: {
      bindingClusters: ['ns/edge'],
      conditions: [
        {
          type: 'Scheduled',
          status: 'True',
          reason: 'Scheduled',
          message: '',
          lastTransitionTime: '2026-01-01T00:00:00Z',
          observedGeneration,
        },
      ],
    },
  };
}

function plan(
  subject: Subscription,
  manifests: readonly Manifest[],
  facts: Partial<DeliveryFacts> = {},
): DeliveryPlan {
  return planDelivery(subject, {
    manifestsOf: key =>
      manifests.filter(each => {
        const identity = identityOf(each);
        return identity !== undefined && feedKey(identity) === key;
      }),
    hasChart: () => false,
    inventory: undefined,
    reservedNamespace: 'clusternet-reserved',
    inDedicatedNamespace: false,
    ...facts,
  });
}

const objects = ({ rawFor }: DeliveryPlan, cluster = 'ns/edge'): DynamicObject[] =>
  (rawFor?.(cluster) ?? []).map(text => JSON.parse(Buffer.from(text, 'base64').toString()));

const reason = ({ conditions }: DeliveryPlan, type: string) => {
  const found = conditions.find(each => each.type === type);
  return `${found?.status} ${found?.reason} ${found?.message}`;
};

describe('planDelivery', () => {
  it('renders the feeds in their order, each once', () => {
    const rendered = plan(subscription([web, shop, web]), [manifest(shop), manifest(web)]);
    assert.deepEqual(
      objects(rendered).map(({ kind }) => kind),
      ['Deployment', 'Namespace'],
    );
    assert.match(reason(rendered, 'FeedsFound'), /^True/);
    assert.match(reason(rendered, 'Rendered'), /^True Rendered/);
  });

  it('keeps what is deployed when a feed is missing, says which, and still takes back from others', () => {
    const missing = plan(subscription([web, shop]), [manifest(shop)]);
    assert.equal(missing.rawFor, undefined);
    assert.equal(missing.withdraw, true);
    assert.match(
      reason(missing, 'FeedsFound'),
      /^False ManifestMissing Deployment shop\/web: namespace clusternet-reserved/,
    );
    assert.match(reason(missing, 'Rendered'), /^False FeedsNotFound/);
  });

  it('refuses a Manifest whose labels contradict its template, naming the label', () => {
    const lying = manifest(web);
    const labelled = {
      ...lying,
      metadata: { ...lying.metadata, labels: { [labels.configKind]: 'Service' } },
    };
    const refused = plan(subscription([web]), [labelled]);
    assert.equal(refused.rawFor, undefined);
    assert.match(reason(refused, 'FeedsFound'), /ManifestContradictory .*config.kind is "Service"/);
  });

  it('refuses two Manifests with one identity', () => {
    const refused = plan(subscription([web]), [manifest(web, {}, 'a'), manifest(web, {}, 'b')]);
    assert.match(reason(refused, 'FeedsFound'), /ManifestAmbiguous .*a-web and b-web/);
  });

  it('does nothing at all, least of all a withdrawal, on a placement of an earlier spec', () => {
    const stale = plan(subscription([shop], 2), [manifest(shop)]);
    assert.deepEqual(stale, { rawFor: undefined, withdraw: false, conditions: [] });
  });

  it('does not honour a Subscription in a namespace that stands for a cluster', () => {
    const refused = plan(subscription([shop]), [manifest(shop)], { inDedicatedNamespace: true });
    assert.equal(refused.rawFor, undefined);
    assert.equal(refused.withdraw, false);
    assert.match(reason(refused, 'Rendered'), /^False DedicatedNamespace/);
  });

  it('refuses Helm charts in words', () => {
    const chart = { apiVersion: 'apps.clusternet.io/v1alpha1', kind: 'HelmChart', name: 'x' };
    assert.match(reason(plan(subscription([chart]), []), 'FeedsFound'), /FeedUnsupported/);
  });

  describe('with strategy Dividing', () => {
    const chart = { apiVersion: 'apps.clusternet.io/v1alpha1', kind: 'HelmChart', name: 'x' };
    const key = feedKey(web);

    function divided(feeds: readonly Feed[], replicas: readonly number[], generation = 3) {
      const { spec, status, ...rest } = subscription(feeds, generation);
      return {
        ...rest,
        spec: { ...spec, schedulingStrategy: 'Dividing' as const },
        status: {
          ...status,
          bindingClusters: ['ns/edge', 'ns/farm'],
          replicas: { [key]: replicas },
        },
      };
    }

    it('gives each cluster its share of the replicas', () => {
      const subject = divided([web, shop], [4, 8]);
      const facts = { inventory: inventoryOf(subject, 12) };
      const rendered = plan(subject, [manifest(shop), manifest(web, { spec: {} })], facts);
      assert.deepEqual(
        ['ns/edge', 'ns/farm'].map(cluster => objects(rendered, cluster)[0]?.spec),
        [{ replicas: 4 }, { replicas: 8 }],
      );
      assert.deepEqual(objects(rendered, 'ns/edge')[1], objects(rendered, 'ns/farm')[1]);
    });

    it('keeps every cluster as it is, and takes nothing back, while the numbers do not fit the clusters', () => {
      const subject = divided([web], [12]);
      const facts = { inventory: inventoryOf(subject, 12) };
      const refused = plan(subject, [manifest(web, { spec: {} })], facts);
      assert.equal(refused.rawFor, undefined);
      assert.equal(refused.withdraw, false);
      assert.match(reason(refused, 'Rendered'), /^False BadSchedulingResult/);
    });

    it('sends all but Helm charts, names those, and misses one that is not there', () => {
      const subject = divided([web, chart], [4, 8]);
      const facts = { inventory: inventoryOf(subject, 12) };
      const manifests = [manifest(web, { spec: {} })];
      const sent = plan(subject, manifests, { ...facts, hasChart: () => true });
      assert.equal(objects(sent).length, 1);
      assert.match(reason(sent, 'FeedsFound'), /^True/);
      assert.match(reason(sent, 'Rendered'), /^False HelmNotSupported .*HelmChart x/);
      const missing = plan(subject, manifests, facts);
      assert.equal(missing.rawFor, undefined);
      assert.match(reason(missing, 'FeedsFound'), /^False HelmChartMissing HelmChart x/);
    });

    it('says before there is a placement that a feed is missing, and that it no longer is', () => {
      const waiting = divided([web], [], 2);
      const missing = plan(waiting, []);
      assert.equal(missing.withdraw, false);
      assert.match(reason(missing, 'FeedsFound'), /^False ManifestMissing/);
      assert.deepEqual(plan(waiting, [manifest(web)]).conditions, []);
      const [problem] = missing.conditions;
      const conditions = [{ ...problem, lastTransitionTime: '2026-01-01T00:00:00Z' } as Condition];
      const told = { ...waiting, status: { ...waiting.status, conditions } };
      assert.match(reason(plan(told, [manifest(web)]), 'FeedsFound'), /^True/);
    });
  });

  it('refuses what does not fit into one object of the API server', () => {
    const huge = manifest(shop, { data: 'x'.repeat(1_000_000) });
    const refused = plan(subscription([shop]), [huge]);
    assert.equal(refused.rawFor, undefined);
    assert.match(reason(refused, 'Rendered'), /^False TooLarge/);
  });

  it('delivers every field of a template but status and what its server added', () => {
    const anything = fc.dictionary(
      fc
        .string()
        .filter(key => !['apiVersion', 'kind', 'metadata', 'status', '__proto__'].includes(key)),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(anything, fields => {
        const sent = JSON.parse(JSON.stringify(fields));
        const { metadata } = manifest(web).template;
        const server = { uid: 'x', resourceVersion: '1', managedFields: [], generation: 2 };
        const subject = manifest(web, {
          ...sent,
          metadata: { ...metadata, ...server },
          status: { replicas: 1 },
        });
        const [object] = objects(plan(subscription([web]), [subject]));
        assert.deepEqual(object, { apiVersion: 'apps/v1', kind: 'Deployment', metadata, ...sent });
      }),
    );
  });
});
