import assert from 'node:assert/strict';
import { readOptions } from './options.ts';

/** Commander tells the user on stderr before it throws; a test need not show that. */
function refused(argv: string[]): string {
  const write = process.stderr.write;
  let told = '';
  process.stderr.write = ((text: string) => {
    told += text;
    return true;
  }) as typeof write;
  try {
    assert.throws(() => readOptions(argv, {}));
    return told;
  } finally {
    process.stderr.write = write;
  }
}

describe('readOptions of discovery', () => {
  it('accepts every flag that Cluster API sets on a provider, and lists those without meaning', () => {
    const options = readOptions(
      [
        ...['--namespace=team', '--watch-filter', 'mine', '--health-addr=:9441'],
        ...['--diagnostics-address', '127.0.0.1:8444', '--insecure-diagnostics', '--v=4'],
        ...['--metrics-bind-addr=:8080', '--webhook-host=', '--webhook-port', '9443'],
        ...['--webhook-cert-dir=/certs', '--profiler-address=', '--sync-period=10m'],
        ...['--feature-gates=A=true', '--leader-elect', '--leader-election-id=me'],
        ...['--leader-elect-lease-duration=30s', '--leader-elect-renew-deadline=20s'],
        ...['--leader-elect-retry-period=4s', '--max-concurrent-reconciles', '3'],
        ...['--cluster-concurrency', '10', '--machine-concurrency=5'],
      ],
      {},
    );
    assert.equal(options.watchNamespace, 'team');
    assert.equal(options.watchFilter, 'mine');
    assert.deepEqual(options.health, { address: '0.0.0.0', port: 9441 });
    assert.deepEqual(options.diagnostics, { address: '127.0.0.1', port: 8444 });
    assert.equal(options.leaderElect, true);
    assert.equal(options.leaseDurationMs, 30_000);
    assert.equal(options.concurrency, 3);
    assert.ok(options.ignored.includes('--cluster-concurrency'));
    assert.ok(options.ignored.includes('--insecure-diagnostics'));
    assert.ok(options.ignored.includes('--feature-gates'));
    assert.ok(!options.ignored.includes('--namespace'));
  });

  it('takes the rest from the environment of its Pod', () => {
    const options = readOptions(['--leader-elect=false'], {
      CLUSTERNET_BIND_ADDRESS: '127.1.2.3',
      CLUSTERNET_DISCOVERY_MODE: 'OptIn',
      CLUSTERNET_PARENT_URL: 'https://parent.test',
      POD_NAMESPACE: 'here',
      POD_UID: 'uid',
    });
    assert.equal(options.leaderElect, false);
    assert.equal(options.defaultMode, 'OptIn');
    assert.equal(options.parentURL, 'https://parent.test');
    assert.deepEqual(options.health, { address: '127.1.2.3', port: 9440 });
    assert.deepEqual([options.namespace, options.identity], ['here', 'uid']);
    assert.equal(readOptions([], {}).selfName, 'parent');
  });

  it('says which flag is wrong and what is allowed', () => {
    assert.match(refused(['--health-addr', 'nowhere']), /health-addr.*write :8443/s);
    assert.match(refused(['--leader-elect-lease-duration', '15']), /write numbers with a unit/);
    assert.match(refused(['--default-mode', 'Some']), /Allowed choices are All, OptIn/);
    assert.match(refused(['--nonsense']), /nonsense/);
  });
});
