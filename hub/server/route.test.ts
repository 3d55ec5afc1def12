import assert from 'node:assert/strict';
import fc from 'fast-check';
import { routeOf } from './route.ts';

const sockets = '/apis/proxies.clusternet.io/v1alpha1/sockets';

describe('routeOf', () => {
  it('knows the discovery, OpenAPI and health paths, with or without query and trailing slash', () => {
    assert.deepEqual(routeOf('/apis'), { kind: 'groups' });
    assert.deepEqual(routeOf('/apis/proxies.clusternet.io/'), { kind: 'group' });
    assert.deepEqual(routeOf('/apis/proxies.clusternet.io/v1alpha1?timeout=32s'), {
      kind: 'resources',
    });
    assert.deepEqual(routeOf('/openapi/v3/apis/proxies.clusternet.io/v1alpha1?hash=1'), {
      kind: 'openapi-v3',
    });
    assert.deepEqual(routeOf('/readyz?verbose'), { kind: 'health', check: 'readyz' });
  });

  it('passes what follows the subresource on exactly as it was sent', () => {
    const rest = '/direct/api/v1/namespaces/a%2Fb//c/../d?x=%20&x=+';
    assert.deepEqual(routeOf(`${sockets}/1234/proxy${rest}`), {
      kind: 'subresource',
      clusterId: '1234',
      subresource: 'proxy',
      rest,
    });
    const piece = fc.constantFrom(
      '/',
      '//',
      '..',
      '%2F',
      '%',
      '?',
      '&',
      '=',
      '+',
      'proxy',
      'é',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(piece), pieces => {
        const sent = `/${pieces.join('')}`;
        const route = routeOf(`${sockets}/id/proxy${sent}`);
        assert.equal(route.kind === 'subresource' && route.rest, sent);
      }),
    );
  });

  it('tells a socket, its subresources and anything else apart', () => {
    assert.deepEqual(routeOf(`${sockets}/1234?x=1`), { kind: 'socket', clusterId: '1234' });
    assert.equal(routeOf(`${sockets}/1234/attach`).kind, 'subresource');
    assert.equal(routeOf(`${sockets}/1234/attachments`).kind, 'unknown');
    assert.equal(routeOf(`${sockets}/1234/predict`).kind, 'subresource');
    assert.equal(routeOf(`${sockets}/1234/predictor`).kind, 'unknown');
    assert.equal(routeOf(`${sockets}/1234/proxyish/direct`).kind, 'unknown');
    assert.equal(routeOf(sockets).kind, 'unknown');
    assert.equal(routeOf('/api/v1/pods').kind, 'unknown');
  });
});
