import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  type AllowedAddress,
  allowedBy,
  hostProblem,
  isSpecialAddress,
} from './allowed-address.ts';

const allows = (entry: AllowedAddress, url: string) => allowedBy([entry], new URL(url)) === entry;

describe('allowedBy', () => {
  it('allows nothing when nothing is configured', () => {
    assert.equal(allowedBy([], new URL('https://predictor.example')), undefined);
  });

  it('wants scheme, host and port just so', () => {
    const host = 'predictor.example';
    assert.ok(allows({ host }, 'https://predictor.example/base'));
    assert.ok(allows({ host }, 'https://PREDICTOR.example:443'));
    assert.ok(allows({ host, port: 8443 }, 'https://predictor.example:8443'));
    assert.ok(!allows({ host }, 'https://predictor.example:8443'));
    assert.ok(!allows({ host, port: 8443 }, 'https://predictor.example'));
    assert.ok(!allows({ host }, 'https://other.example'));
    assert.ok(!allows({ host }, 'https://predictor.example.evil'));
    assert.ok(!allows({ host: '10.0.0.0/8' }, 'https://predictor.example'));
  });

  it('takes plain HTTP only by an entry that says so', () => {
    assert.ok(!allows({ host: '10.0.0.1' }, 'http://10.0.0.1'));
    assert.ok(allows({ host: '10.0.0.1', scheme: 'http' }, 'http://10.0.0.1'));
    assert.ok(!allows({ host: '10.0.0.1', scheme: 'http' }, 'https://10.0.0.1'));
  });

  it('knows ranges of addresses', () => {
    assert.ok(allows({ host: '10.1.0.0/16' }, 'https://10.1.255.1'));
    assert.ok(!allows({ host: '10.1.0.0/16' }, 'https://10.2.0.1'));
    assert.ok(allows({ host: 'fd00::/8' }, 'https://[fd12::1]'));
    assert.ok(!allows({ host: 'fd00::/8' }, 'https://10.1.0.1'));
  });

  for (const url of [
    'https://127.0.0.1',
    'https://127.1',
    'https://2130706433',
    'https://0x7f.0.0.1',
    'https://0.0.0.0',
    'https://169.254.169.254',
    'https://[::1]',
    'https://[::]',
    'https://[fe80::1]',
    'https://[::ffff:127.0.0.1]',
    'https://[::ffff:169.254.169.254]',
  ]) {
    it(`never dials ${url} because of a wider range`, () => {
      for (const host of ['0.0.0.0/0', '::/0', '126.0.0.0/7', '::ffff:0:0/96', '168.0.0.0/7']) {
        assert.ok(!allows({ host }, url), host);
      }
    });
  }

  it('dials loopback only by an entry wholly inside it', () => {
    assert.ok(allows({ host: '127.0.0.0/8' }, 'https://127.0.0.1'));
    assert.ok(allows({ host: '127.0.0.1' }, 'https://127.0.0.1'));
    assert.ok(allows({ host: '::1' }, 'https://[::1]'));
    assert.ok(!allows({ host: 'localhost' }, 'https://127.0.0.1'));
    assert.ok(!allows({ host: '127.0.0.2' }, 'https://127.0.0.1'));
  });

  it('allows an address of the whole IPv4 space only if it is not special', () => {
    fc.assert(
      fc.property(fc.ipV4(), address => {
        const allowed = allows({ host: '0.0.0.0/0' }, `https://${address}`);
        assert.equal(allowed, !isSpecialAddress(address));
      }),
    );
  });
});

describe('hostProblem', () => {
  it('accepts names, addresses and ranges, and says what is wrong with the rest', () => {
    for (const host of ['a', 'a-b.example.com', '10.0.0.1', '10.0.0.0/8', 'fd00::/8', '::1']) {
      assert.equal(hostProblem(host), undefined, host);
    }
    for (const host of [
      '',
      '*',
      '*.example.com',
      'a/b',
      '10.0.0.0/33',
      'A.example',
      'a..b',
      'a:1',
    ]) {
      assert.match(hostProblem(host) ?? '', /is no /, host);
    }
  });
});
