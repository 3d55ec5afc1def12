import 'reflect-metadata';
import { once } from 'node:events';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import * as x509 from '@peculiar/x509';
import { builtin } from '../kube/builtin.ts';
import type { KubeClient } from '../kube/client.ts';

const group = 'bench.clusternet.io';
const serviceName = 'bench-trivial-backend';

/** An aggregated API that answers every request at once with the same 2 kB: the floor for anything behind the parent. */
export interface TrivialBackend extends AsyncDisposable {
  /** The path to ask the parent for. */
  readonly path: string;
}

/** Starts the backend on loopback, registers it with the parent and waits until the parent sends requests to it. */
export async function startTrivialBackend(parent: KubeClient): Promise<TrivialBackend> {
  const dnsName = `${serviceName}.default.svc`;
  const { certificate, key } = await selfSigned(dnsName);
  const resources = JSON.stringify({
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: `${group}/v1`,
    resources: [
      { name: 'echoes', singularName: 'echo', namespaced: false, kind: 'Echo', verbs: ['get'] },
    ],
  });
  const answer = JSON.stringify({
    kind: 'Echo',
    apiVersion: `${group}/v1`,
    metadata: { name: 'one' },
    data: 'x'.repeat(1900),
  });
  const server = createSecureServer(
    { cert: certificate, key, allowHTTP1: true },
    (request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(request.url === `/apis/${group}/v1` ? resources : answer);
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const names = {
    service: { namespace: 'default', name: serviceName },
    api: { name: `v1.${group}` },
  };
  await parent.apply(
    builtin.services,
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: names.service,
      ...{ spec: { type: 'ExternalName', externalName: 'localhost', ports: [{ port }] } },
    },
    { fieldManager: 'bench', force: true },
  );
  await parent.apply(
    builtin.apiServices,
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: names.api,
      ...{
        spec: {
          group,
          version: 'v1',
          groupPriorityMinimum: 100,
          versionPriority: 100,
          caBundle: Buffer.from(certificate).toString('base64'),
          service: { ...names.service, port },
        },
      },
    },
    { fieldManager: 'bench', force: true },
  );
  const path = `/apis/${group}/v1/echoes/one`;
  await untilServed(parent, path);
  return {
    path,
    async [Symbol.asyncDispose]() {
      await parent.delete(builtin.apiServices, names.api);
      await parent.delete(builtin.services, names.service);
      server.close();
    },
  };
}

async function untilServed(parent: KubeClient, path: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const response = await parent.request({ method: 'GET', path });
    const text = await response.body.text();
    if (response.statusCode === 200) return;
    if (Date.now() > deadline)
      throw new Error(`the parent does not reach the backend: ${response.statusCode} ${text}`);
    await new Promise(resolve => setTimeout(resolve, 200));
  }
}

async function selfSigned(dnsName: string) {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${dnsName}`,
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 86_400_000),
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: dnsName }])],
  });
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    certificate: certificate.toString('pem'),
    key: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'),
  };
}
