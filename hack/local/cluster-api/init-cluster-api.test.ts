import assert from 'node:assert/strict';
import { initArguments } from './init-cluster-api.ts';

describe('initArguments', () => {
  it('asks for everything on an empty cluster, and never for the kubeadm bootstrap provider', () => {
    const args = initArguments([], true)?.join(' ');
    assert.equal(
      args,
      'init --core cluster-api --control-plane local --infrastructure local --addon clusternet --bootstrap -',
    );
  });

  it('asks only for what is missing', () => {
    const installed = ['cluster-api', 'infrastructure-local', 'control-plane-local'];
    assert.equal(
      initArguments(installed, true)?.join(' '),
      'init --addon clusternet --bootstrap -',
    );
    assert.equal(initArguments(installed, false), undefined);
    assert.equal(initArguments([...installed, 'addon-clusternet'], true), undefined);
  });
});
