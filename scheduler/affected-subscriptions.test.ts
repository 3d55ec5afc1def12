import assert from 'node:assert/strict';
import { type Subscription, subscriptions } from '../api/apps/subscription.ts';
import { StoreInformer } from '../reconcile/informer.ts';
import { cluster, keyFor, subscription } from '../test/scheduling-objects.ts';
import { affectedBy, indexSubscriptions } from './affected-subscriptions.ts';

function informerOf(...objects: Subscription[]) {
  const informer = new StoreInformer(subscriptions, {
    freeze: true,
    onHandlerError: assert.ifError,
  });
  indexSubscriptions(informer);
  for (const object of objects) informer.upsert(object);
  return informer;
}

describe('affectedBy', () => {
  it('finds the Subscriptions that matched before a change, match after it, or are bound', () => {
    const matching = (name: string, value: string, bindingClusters: string[] = []) =>
      subscription(
        { subscribers: [{ clusterAffinity: { matchLabels: { app: value } } }] },
        { bindingClusters },
        { name, uid: name },
      );
    const informer = informerOf(
      matching('before', 'old'),
      matching('after', 'new'),
      matching('bound', 'neither', [keyFor('a')]),
      matching('other', 'neither'),
    );
    const old = cluster('a', { labels: { app: 'old' } });
    const object = cluster('a', { labels: { app: 'new' } });
    const affected = affectedBy({ type: 'updated', old, object, initial: false }, informer);
    assert.deepEqual([...affected].sort(), ['default/after', 'default/before', 'default/bound']);
  });

  it('ignores reports that say nothing new to the scheduler', () => {
    const informer = informerOf(subscription());
    const old = cluster('a', { labels: { app: 'web' } });
    const object = { ...old, status: { ...old.status, k8sVersion: 'v1.36.0' } };
    assert.deepEqual(affectedBy({ type: 'updated', old, object, initial: false }, informer), []);
    const predicting = { ...old, status: { ...old.status, predictorEnabled: true } };
    const enabled = { type: 'updated', old, object: predicting, initial: false } as const;
    assert.deepEqual(affectedBy(enabled, informer), ['default/app']);
    const unready = cluster('a', { labels: { app: 'web' }, ready: 'False' });
    const change = { type: 'updated', old, object: unready, initial: false } as const;
    assert.deepEqual(affectedBy(change, informer), ['default/app']);
  });
});
