import assert from 'node:assert/strict';
import { feedKey, formatFeed } from './feed.ts';

const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  namespace: 'qux',
  name: 'my-nginx',
};
const namespace = { apiVersion: 'v1', kind: 'Namespace', name: 'qux' };

describe('feeds', () => {
  it('have the keys that status.replicas uses', () => {
    assert.equal(feedKey(deployment), 'apps/v1/Deployment/qux/my-nginx');
    assert.equal(feedKey(namespace), 'v1/Namespace/qux');
    assert.equal(feedKey({ ...namespace, namespace: '' }), 'v1/Namespace/qux');
  });

  it('are named in messages by kind, namespace and name', () => {
    assert.equal(formatFeed(deployment), 'Deployment qux/my-nginx');
    assert.equal(formatFeed(namespace), 'Namespace qux');
  });
});
