import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { get } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { SecureContextOptions } from 'node:tls';
import { parse } from 'yaml';
import type { KubeObject } from '../api/kube-object.ts';
import { type PemPair, readPem } from '../hack/local/certificates.ts';
import { isRunning } from '../hack/local/process-record.ts';
import { type Slot, slotPorts } from '../hack/local/slot.ts';
import { startTestCluster, type TestCluster } from '../hack/local/test-cluster.ts';
import { builtin } from '../kube/builtin.ts';
import { suiteSignal } from '../test/suite-signal.ts';

describe('a control plane on loopback', () => {
  const signal = suiteSignal(170_000);
  let cluster: TestCluster;

  before(async () => {
    cluster = await startTestCluster({}, signal);
  });

  after(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  it('says where it is, and by which CA to know it, in kube-public/cluster-info', async () => {
    const key = { namespace: 'kube-public', name: 'cluster-info' };
    const { data } = await cluster.client.get(builtin.configMaps, key, signal);
    const kubeconfig = parse(data?.kubeconfig ?? '');
    assert.deepEqual(kubeconfig.clusters[0].cluster, {
      server: cluster.controlPlane.server,
      'certificate-authority-data': Buffer.from(cluster.controlPlane.caBundle).toString('base64'),
    });
    assert.equal(kubeconfig.users, undefined, 'it carries no credential');
  });

  it('gives Services addresses in its slot that leave the first 256 to us', async () => {
    const own = await cluster.client.get(
      builtin.services,
      { namespace: 'default', name: 'kubernetes' },
      signal,
    );
    assert.equal(clusterIp(own), cluster.slot.address(1));
    for (let index = 0; index < 20; index += 1) {
      const service = await cluster.client.create(
        builtin.services,
        {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { namespace: 'default', name: `service-${index}` },
          spec: { ports: [{ port: 80 }] },
        } as never,
        signal,
      );
      const [, slot, third] = clusterIp(service).split('.').map(Number);
      assert.equal(slot, cluster.slot.number);
      assert.ok((third ?? 0) > 0, `${clusterIp(service)} is among the first 256 addresses`);
    }
  });

  it('lets nobody read its etcd without a certificate of its etcd CA', async () => {
    const { etcdCa, etcdClient, admin } = cluster.controlPlane.certificates;
    const ca = await readPem(etcdCa.certificate);
    const answer = async (pair?: PemPair) =>
      etcdVersion(cluster.slot, {
        ca,
        ...(pair && { cert: await readPem(pair.certificate), key: await readPem(pair.key) }),
      });
    assert.match(await answer(etcdClient), /"etcdserver":"3\./);
    await assert.rejects(answer(), /certificate required/);
    await assert.rejects(answer(admin), /alert/, "the cluster's own administrator included");
  });

  it('keeps its objects over a restart', async () => {
    const kept = { namespace: 'default', name: 'kept' };
    const object = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: kept,
      data: { answer: '42' },
    };
    await cluster.client.create(builtin.configMaps, object, signal);
    await cluster.controlPlane.stop();
    await cluster.controlPlane.start(signal);
    const { data } = await cluster.client.get(builtin.configMaps, kept, signal);
    assert.deepEqual(data, { answer: '42' });
  });

  it('leaves no process, no open port and no record when it is stopped', async () => {
    const records = cluster.controlPlane.processes.map(process => process.record);
    assert.deepEqual(
      records.map(({ what }) => what),
      ['test/etcd', 'test/kube-apiserver', 'test/kube-controller-manager'],
    );
    const recordDirectory = join(cluster.controlPlane.directory, 'processes/test');
    assert.equal(readdirSync(recordDirectory).length, 3);
    await cluster.controlPlane.stop();
    assert.deepEqual(records.filter(isRunning), []);
    assert.deepEqual(readdirSync(recordDirectory), []);
    for (const { host, port } of Object.values(slotPorts)) {
      await assert.rejects(connected(cluster.slot.address(host), port), { code: 'ECONNREFUSED' });
    }
  });

  it('leaves no file when its test is over', async () => {
    const other = await startTestCluster({ name: 'other' }, signal);
    assert.notEqual(other.slot.number, cluster.slot.number);
    await other[Symbol.asyncDispose]();
    assert.ok(!existsSync(other.controlPlane.directory));
  });
});

function clusterIp(service: KubeObject): string {
  return (service as unknown as { spec: { clusterIP: string } }).spec.clusterIP;
}

async function etcdVersion(slot: Slot, tls: SecureContextOptions): Promise<string> {
  const url = `https://${slot.endpoint('etcdClient')}/version`;
  const [response] = await once(get(url, { ...tls, agent: false }), 'response');
  return text(response);
}

function connected(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
  });
}
