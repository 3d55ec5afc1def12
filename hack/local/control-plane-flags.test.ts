import assert from 'node:assert/strict';
import type { CertificateFiles } from './certificates.ts';
import {
  apiServerArguments,
  controllerManagerArguments,
  etcdArguments,
} from './control-plane-flags.ts';
import { slotOf } from './slot.ts';

const certificates = new Proxy(
  {},
  { get: (_, name: string) => ({ certificate: `/pki/${name}.crt`, key: `/pki/${name}.key` }) },
) as CertificateFiles;
const layout = { name: 'alpha', slot: slotOf(70, () => {}), directory: '/alpha', certificates };

describe('the flags of a control plane', () => {
  it('bind every server inside the slot', () => {
    const all = [
      ...etcdArguments(layout),
      ...apiServerArguments(layout),
      ...controllerManagerArguments(layout, '/kubeconfig'),
    ].join('\n');
    const addresses = all.match(/\d+\.\d+\.\d+\.\d+/g) ?? [];
    assert.ok(addresses.length > 5);
    for (const address of addresses) assert.ok(address.startsWith('127.70.0.'), address);
    for (const server of [apiServerArguments(layout), controllerManagerArguments(layout, '')]) {
      assert.ok(server.some(flag => flag.startsWith('--bind-address=')));
    }
  });

  it('let a test change a flag, add one and take one out', () => {
    const flags = apiServerArguments(layout, {
      'max-requests-inflight': 12,
      'audit-log-path': '-',
      profiling: undefined,
    });
    assert.ok(flags.includes('--max-requests-inflight=12'));
    assert.ok(!flags.includes('--max-requests-inflight=400'));
    assert.ok(flags.includes('--audit-log-path=-'));
    assert.ok(!flags.some(flag => flag.startsWith('--profiling')));
  });

  it('verify the front proxy by its own CA, never by the CA of users', () => {
    const flags = apiServerArguments(layout);
    assert.ok(flags.includes('--requestheader-client-ca-file=/pki/frontProxyCa.crt'));
    assert.ok(flags.includes('--requestheader-allowed-names=front-proxy-client'));
    assert.ok(flags.includes('--client-ca-file=/pki/ca.crt'));
  });
});
