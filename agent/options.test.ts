import assert from 'node:assert/strict';
import { readOptions } from './options.ts';

const read = (...argv: string[]) => readOptions(argv, {});

describe('the flags of the agent', () => {
  it('have the defaults people know', () => {
    const options = read();
    assert.deepEqual(options.wanted, {
      clusterNamespace: undefined,
      clusterType: 'StandardCluster',
      clusterLabels: {},
      syncMode: 'Pull',
    });
    assert.equal(options.securePort, 10650);
    assert.deepEqual(options.nodeLabelRule, { prefixes: ['node.clusternet.io/'], threshold: 0.8 });
    assert.deepEqual(options.election, {
      enabled: true,
      leaseDurationMs: 15_000,
      renewDeadlineMs: 10_000,
      retryPeriodMs: 2_000,
    });
    assert.deepEqual(options.warnings, []);
  });

  it('are read in the ways upstream manifests write them', () => {
    const options = read(
      '--cluster-reg-parent-url=https://parent:6443',
      '--cluster-labels=tier=gold,zone=a',
      '--labels-aggregate-prefix=a/',
      '--labels-aggregate-prefix=b/',
      '--leader-elect=false',
      '--leader-elect-renew-deadline=5s',
      '--cluster-sync-mode',
      'Dual',
    );
    assert.equal(options.registration.parentURL, 'https://parent:6443');
    assert.deepEqual(options.wanted.clusterLabels, { tier: 'gold', zone: 'a' });
    assert.deepEqual(options.nodeLabelRule.prefixes, ['a/', 'b/']);
    assert.equal(options.election.enabled, false);
    assert.equal(options.election.renewDeadlineMs, 5_000);
    assert.equal(options.wanted.syncMode, 'Dual');
  });

  it('that mean nothing here are accepted with a warning', () => {
    const { warnings } = read(
      '--feature-gates=SocketConnection=true',
      '-v=4',
      '--kube-api-qps',
      '50',
    );
    assert.deepEqual(warnings, [
      'flag --kube-api-qps has no effect in this agent',
      'flag --v has no effect in this agent',
      'feature gate SocketConnection has no effect in this agent',
    ]);
  });

  it("choose the predictor, by upstream's names", () => {
    assert.deepEqual(read().predictor, {
      enabled: true,
      address: undefined,
      directAccess: false,
      caFile: undefined,
      tokenFile: undefined,
      serving: undefined,
      port: 8080,
    });
    const { predictor } = read(
      '--feature-gates=Predictor=false,Recovery=true',
      '--predictor-addr=https://predictor.example:8443/base',
      '--predictor-direct-access=true',
      '--predictor-port=9000',
    );
    assert.equal(predictor.enabled, false);
    assert.equal(predictor.address?.href, 'https://predictor.example:8443/base');
    assert.equal(predictor.directAccess, true);
    assert.equal(predictor.port, 9000);
  });

  it('with a wrong value are refused, saying what is allowed', () => {
    const refused = (flag: string, why: RegExp) =>
      assert.throws(() => read(flag), { message: why });
    refused('--cluster-reg-name=Not_a_name', /lower-case letters/);
    refused('--cluster-labels=tier', /"tier" is not key=value|valid label/);
    refused('--cluster-labels=a=b=c', /"a=b=c"/);
    refused('--labels-aggregate-threshold=2', /above 0 and up to 1/);
    refused('--cluster-sync-mode=Push', /Allowed choices are Pull, Dual/);
    refused('--secure-port=x', /A port is/);
    refused('--leader-elect=maybe', /true or false/);
    refused('--leader-elect-retry-period=2', /not a duration/);
    refused('--no-such-flag', /unknown option/);
    refused('--feature-gates=Predictor', /"Predictor" is not a gate/);
    refused('--predictor-addr=ftp://x', /http or https URL/);
    refused('--predictor-addr=http://user:secret@x', /without user/);
    refused('--predictor-direct-access', /needs --predictor-addr/);
    refused('--predictor-tls-cert-file=/x', /only good together/);
  });
});
