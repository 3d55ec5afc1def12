import assert from 'node:assert/strict';
import { createLogger, withoutSecrets } from './logger.ts';

const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzeXN0ZW0ifQ.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg';

function logged(write: (logger: ReturnType<typeof createLogger>) => void): string {
  let text = '';
  const logger = createLogger('clusternet-test', { write: line => (text += line) });
  logger.level = 'info';
  write(logger);
  return text;
}

describe('logger', () => {
  it('writes one line of JSON with time, level, component and fields', () => {
    const line = JSON.parse(logged(logger => logger.info({ cluster: 'c1' }, 'joined')));
    assert.deepEqual(
      [line.level, line.component, line.cluster, line.msg],
      ['info', 'clusternet-test', 'c1', 'joined'],
    );
    assert.match(line.time, /^\d{4}-\d\d-\d\dT/);
  });

  it('hides fields that hold secrets, wherever they are', () => {
    const text = logged(logger =>
      logger.info({ token: 'plain-1', request: { headers: { authorization: 'plain-2' } } }, 'call'),
    );
    assert.doesNotMatch(text, /plain-/);
    assert.match(text, /\[redacted\]/);
  });

  it('hides tokens and keys inside messages and errors', () => {
    const error = new Error(`refused: Bearer ${jwt}`);
    const text = logged(logger =>
      logger.error({ err: error }, `token ${jwt} and abcdef.0123456789abcdef`),
    );
    assert.doesNotMatch(text, /eyJ|0123456789abcdef/);
  });

  it('hides private keys also where line ends are escaped', () => {
    const pem = '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----';
    assert.equal(withoutSecrets(JSON.stringify({ pem })), '{"pem":"[redacted]"}');
  });

  it('leaves names, versions and addresses alone', () => {
    const text = 'clusternet-a1b2c3d4e5f6a: v1.36.0 at 10.244.0.1, kube-system.default.svc';
    assert.equal(withoutSecrets(text), text);
  });
});
