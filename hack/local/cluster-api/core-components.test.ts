import assert from 'node:assert/strict';
import type { DynamicObject } from '../../../api/kube-object.ts';
import { completeCoreComponents } from './core-components.ts';

const certificate = {
  caCertificate: 'the CA',
  certificate: 'the certificate',
  privateKey: 'the key',
};
const caBundle = Buffer.from('the CA').toString('base64');
const service = { name: 'capi-webhook-service', namespace: 'capi-system', path: '/convert' };
const inject = { 'cert-manager.io/inject-ca-from': 'capi-system/capi-serving-cert' };

function completed(object: object): DynamicObject[] {
  return completeCoreComponents([object as DynamicObject], certificate, 'v9.8.7');
}

describe('completeCoreComponents', () => {
  it('puts the Secret in the place of the Certificate that asks for it, and drops the Issuer', () => {
    const request = {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: { name: 'capi-serving-cert', namespace: 'capi-system', labels: { a: 'b' } },
      spec: { secretName: 'capi-webhook-service-cert' },
    };
    const [secret, ...rest] = completed(request);
    assert.equal(rest.length, 0);
    assert.deepEqual(secret, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'capi-webhook-service-cert', namespace: 'capi-system', labels: { a: 'b' } },
      type: 'kubernetes.io/tls',
      data: {
        'ca.crt': caBundle,
        'tls.crt': Buffer.from('the certificate').toString('base64'),
        'tls.key': Buffer.from('the key').toString('base64'),
      },
    });
    assert.deepEqual(completed({ kind: 'Issuer', metadata: { name: 'x' } }), []);
  });

  it('makes webhooks trust the CA and asks nobody else to inject one', () => {
    const [object] = completed({
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'x', annotations: { ...inject, kept: 'yes' } },
      webhooks: [
        { name: 'one', clientConfig: { service } },
        { name: 'two', clientConfig: { url: 'https://elsewhere' } },
      ],
    });
    assert.deepEqual(object?.metadata.annotations, { kept: 'yes' });
    assert.deepEqual(object?.webhooks, [
      { name: 'one', clientConfig: { service, caBundle } },
      { name: 'two', clientConfig: { url: 'https://elsewhere' } },
    ]);
  });

  it('makes conversions trust the CA and leaves definitions without conversion alone', () => {
    const conversion = { strategy: 'Webhook', webhook: { clientConfig: { service } } };
    const [converted] = completed({
      kind: 'CustomResourceDefinition',
      metadata: { name: 'x', annotations: inject },
      spec: { group: 'g', conversion },
    });
    assert.deepEqual(converted?.spec, {
      group: 'g',
      conversion: { strategy: 'Webhook', webhook: { clientConfig: { service, caBundle } } },
    });
    const plain = {
      kind: 'CustomResourceDefinition',
      metadata: { name: 'y' },
      spec: { group: 'g' },
    };
    assert.deepEqual(completed(plain)[0]?.spec, { group: 'g' });
  });

  it('gives the manager the image name of the release', () => {
    const container = { name: 'manager', image: 'elsewhere/controller:main', args: ['--x'] };
    const [deployment] = completed({
      kind: 'Deployment',
      metadata: { name: 'm' },
      spec: { replicas: 1, template: { metadata: {}, spec: { containers: [container] } } },
    });
    const image = 'registry.k8s.io/cluster-api/cluster-api-controller:v9.8.7';
    assert.deepEqual(deployment?.spec, {
      replicas: 1,
      template: { metadata: {}, spec: { containers: [{ ...container, image }] } },
    });
  });
});
