import assert from 'node:assert/strict';
import type { HubConnection, HubConnectionSpec } from '../../api/discovery/hub-connection.ts';
import { type AddressSources, resolveHubAddress } from './hub-address.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const pem = (text: string) => `-----BEGIN CERTIFICATE-----\n${text}`;

function connection(spec: HubConnectionSpec): HubConnection {
  return { apiVersion: 'x', kind: 'HubConnection', metadata: { name: 'default' }, spec };
}

const published = {
  server: 'https://published.test',
  'certificate-authority-data': base64('published'),
};
const clusterInfo = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'cluster-info' },
  data: { kubeconfig: JSON.stringify({ clusters: [{ cluster: published }] }) },
};

function resolve(parts: Partial<AddressSources>) {
  return resolveHubAddress({
    connection: undefined,
    parentURL: undefined,
    clusterInfo: undefined,
    ownCA: 'own',
    ...parts,
  });
}

describe('resolveHubAddress', () => {
  it('asks HubConnection first, what it says for children before the rest, then the variable, then cluster-info', () => {
    const all: AddressSources = {
      connection: connection({ childServer: 'https://child.test', server: 'https://hub.test' }),
      parentURL: 'https://variable.test',
      clusterInfo,
      ownCA: 'own',
    };
    const server = (parts: Partial<AddressSources>) =>
      resolve({ ...all, ...parts }).address?.server;
    assert.equal(server({}), 'https://child.test');
    assert.equal(
      server({ connection: connection({ server: 'https://hub.test' }) }),
      'https://hub.test',
    );
    assert.equal(server({ connection: connection({}) }), 'https://variable.test');
    assert.equal(server({ connection: undefined, parentURL: undefined }), 'https://published.test');
  });

  it('verifies the parent by the CA that belongs to the address, else by its own', () => {
    const spec = { caBundle: base64(pem('hub')), childCABundle: base64(pem('child')) };
    const ca = (parts: Partial<AddressSources>) =>
      resolve({ parentURL: 'https://x.test', ...parts }).address?.ca;
    assert.equal(ca({ connection: connection(spec) }), pem('child'));
    assert.equal(ca({ connection: connection({ caBundle: spec.caBundle }) }), pem('hub'));
    assert.equal(ca({ clusterInfo }), 'published');
    assert.equal(ca({}), 'own');
  });

  it('says what is missing and how to set it', () => {
    const unknown = resolve({});
    assert.ok(unknown.address === undefined && unknown.reason === 'URLUnknown');
    assert.match(unknown.message, /kubectl patch hubconnection default/);
    const noCA = resolve({ parentURL: 'https://x.test', ownCA: undefined });
    assert.ok(noCA.address === undefined && noCA.reason === 'CAUnknown');
    const proxy = resolve({
      connection: connection({ server: 'https://x.test', childProxyURL: 'http://p.test' }),
    });
    assert.ok(proxy.address === undefined && proxy.reason === 'ProxyNotSupported');
  });

  it('refuses a CA that is no certificate, naming the field', () => {
    for (const field of ['caBundle', 'childCABundle'] as const) {
      const spec = { server: 'https://x.test', [field]: base64('garbage') };
      const verdict = resolve({ connection: connection(spec) });
      assert.ok(verdict.address === undefined && verdict.reason === 'CAUnknown');
      assert.match(verdict.message, new RegExp(`spec\\.${field} .* no PEM certificate`));
    }
  });

  it('takes a cluster-info that is no kubeconfig for none', () => {
    const broken = { ...clusterInfo, data: { kubeconfig: '[' } };
    const verdict = resolve({ clusterInfo: broken });
    assert.ok(verdict.address === undefined && verdict.reason === 'URLUnknown');
  });
});
