import assert from 'node:assert/strict';
import { containerEnvironment } from './container-environment.ts';
import type { Container, EnvVar, Pod } from './pod.ts';
import type { PodSources, SourceData } from './pod-sources.ts';

const objects: Record<string, SourceData> = {
  'secret/login': { user: Buffer.from('anna'), word: Buffer.from('geheim') },
  'configMap/settings': { LEVEL: Buffer.from('debug') },
};
const sources: PodSources = {
  secret: async name => objects[`secret/${name}`],
  configMap: async name => objects[`configMap/${name}`],
  token: () => assert.fail('an environment needs no token'),
};
const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web-1', namespace: 'shop', uid: 'u', labels: { app: 'web' } },
  spec: { nodeName: 'runner', serviceAccountName: 'web', containers: [] },
  status: { podIP: '10.244.255.10' },
};

function environment(part: Partial<Container>, base = {}) {
  const container = { name: 'web', image: 'web', ...part };
  return containerEnvironment(pod, container, sources, base, new AbortController().signal);
}

async function value(variable: Omit<EnvVar, 'name'>): Promise<string | undefined> {
  return (await environment({ env: [{ name: 'X', ...variable }] })).X;
}

describe('containerEnvironment', () => {
  it('lets later sources win: what the runner gives, envFrom, env', async () => {
    const base = { LEVEL: 'info', HOME: '/' };
    const envFrom = [{ configMapRef: { name: 'settings' } }];
    assert.deepEqual(await environment({ envFrom }, base), { LEVEL: 'debug', HOME: '/' });
    const env = [{ name: 'LEVEL', value: 'warn' }];
    assert.equal((await environment({ envFrom, env }, base)).LEVEL, 'warn');
  });

  it('puts a prefix before the keys of envFrom', async () => {
    const envFrom = [{ prefix: 'LOGIN_', secretRef: { name: 'login' } }];
    assert.deepEqual(await environment({ envFrom }), { LOGIN_user: 'anna', LOGIN_word: 'geheim' });
  });

  it('expands values by the variables before them only', async () => {
    const env = [
      { name: 'A', value: '1' },
      { name: 'B', value: '$(A)$(C)' },
      { name: 'C', value: '3' },
    ];
    assert.equal((await environment({ env })).B, '1$(C)');
  });

  it('reads keys of Secrets and ConfigMaps, and does not expand what they hold', async () => {
    const secretKeyRef = { name: 'login', key: 'word' };
    assert.equal(await value({ valueFrom: { secretKeyRef } }), 'geheim');
    const configMapKeyRef = { name: 'settings', key: 'LEVEL' };
    assert.equal(await value({ valueFrom: { configMapKeyRef } }), 'debug');
  });

  it('reads fields of the pod', async () => {
    const fields = {
      'metadata.name': 'web-1',
      'metadata.namespace': 'shop',
      'metadata.uid': 'u',
      "metadata.labels['app']": 'web',
      "metadata.labels['none']": '',
      'spec.nodeName': 'runner',
      'spec.serviceAccountName': 'web',
      'status.podIP': '10.244.255.10',
    };
    for (const [fieldPath, expected] of Object.entries(fields)) {
      assert.equal(await value({ valueFrom: { fieldRef: { fieldPath } } }), expected, fieldPath);
    }
  });

  it('leaves out what is missing and optional', async () => {
    const secretKeyRef = { name: 'none', key: 'x', optional: true };
    const configMapKeyRef = { name: 'settings', key: 'none', optional: true };
    assert.equal(await value({ valueFrom: { secretKeyRef } }), undefined);
    assert.equal(await value({ valueFrom: { configMapKeyRef } }), undefined);
    assert.deepEqual(
      await environment({ envFrom: [{ secretRef: { name: 'none', optional: true } }] }),
      {},
    );
  });

  it('says what is missing, as a kubelet does', async () => {
    const reason = 'CreateContainerConfigError';
    await assert.rejects(value({ valueFrom: { secretKeyRef: { name: 'none', key: 'x' } } }), {
      reason,
      message: 'secret "none" not found',
    });
    await assert.rejects(
      value({ valueFrom: { configMapKeyRef: { name: 'settings', key: 'none' } } }),
      {
        reason,
        message: "couldn't find key none in configmap settings",
      },
    );
    await assert.rejects(value({ valueFrom: { fieldRef: { fieldPath: 'spec.hostname' } } }), {
      reason,
      message: 'env X: fieldPath spec.hostname is not supported by the pod runner',
    });
  });
});
