import assert from 'node:assert/strict';
import { isStreamRequest } from './is-stream-request.ts';

describe('isStreamRequest', () => {
  it('knows watches of both forms and followed logs', () => {
    for (const path of [
      '/api/v1/pods?watch=true',
      '/api/v1/pods?limit=500&watch=1&resourceVersion=7',
      '/api/v1/pods?watch',
      '/api/v1/watch/namespaces/x/pods',
      '/apis/apps/v1/watch/deployments',
      '/api/v1/namespaces/x/pods/y/log?follow=true',
    ]) {
      assert.equal(isStreamRequest(path), true, path);
    }
  });

  it('takes everything else for a request that ends', () => {
    for (const path of [
      '/api/v1/pods',
      '/api/v1/pods?watch=false',
      '/api/v1/pods?watch=0&follow=false',
      '/api/v1/namespaces/watch/pods?fieldSelector=watch%3Dtrue',
    ]) {
      assert.equal(isStreamRequest(path), false, path);
    }
  });
});
