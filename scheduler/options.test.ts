import assert from 'node:assert/strict';
import { settleGates } from './feature-gates.ts';
import { readOptions } from './options.ts';

const pod = { POD_NAMESPACE: 'home', POD_NAME: 'scheduler-0', POD_UID: 'uid-0' };

describe('scheduler options', () => {
  it('elect a leader by Pod UID in the namespace of the Pod, as upstream times it', () => {
    const options = readOptions([], pod);
    assert.deepEqual(options.leaderElection, {
      namespace: 'home',
      name: 'clusternet-scheduler',
      identity: 'uid-0',
      leaseDurationMs: 15_000,
      renewDeadlineMs: 10_000,
      retryPeriodMs: 2000,
    });
    assert.deepEqual(
      [options.port, options.bindAddress, options.instance],
      [10659, '0.0.0.0', 'scheduler-0'],
    );
  });

  it('take flags over the environment', () => {
    const flags = ['--config', 'c.yaml', '--kubeconfig', 'k.yaml', '--secure-port', '0'];
    const timing = [
      '--leader-elect-lease-duration',
      '1m',
      '--leader-elect-resource-namespace',
      'other',
    ];
    const options = readOptions([...flags, ...timing], {
      ...pod,
      CLUSTERNET_BIND_ADDRESS: '127.0.0.9',
    });
    assert.deepEqual(
      [options.config, options.kubeconfig, options.port, options.bindAddress],
      ['c.yaml', 'k.yaml', 0, '127.0.0.9'],
    );
    assert.equal(options.leaderElection?.leaseDurationMs, 60_000);
    assert.equal(options.leaderElection?.namespace, 'other');
    assert.equal(readOptions(['--no-leader-elect'], pod).leaderElection, undefined);
  });

  it("know upstream's feature gates and no others", () => {
    assert.deepEqual(readOptions([], pod).featureGates, {});
    const flags = ['--feature-gates', 'FeasibleClustersToleration=true,FailOver=false'];
    assert.deepEqual(readOptions(flags, pod).featureGates, {
      FailOver: false,
      FeasibleClustersToleration: true,
    });
    const others = { SocketConnection: true, Deployer: true };
    const list = '--feature-gates=SocketConnection=true,Deployer=true';
    assert.deepEqual(readOptions([list], pod).featureGates, others);
    assert.deepEqual(settleGates({ ...others, FailOver: true }).withoutEffect, Object.keys(others));
    assert.throws(() => readOptions(['--feature-gates=Other=true'], pod), /no gate "Other"; there/);
    assert.throws(() => readOptions(['--feature-gates=FailOver'], pod), /"FailOver" is not a gate/);
  });
});
