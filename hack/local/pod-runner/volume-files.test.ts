import assert from 'node:assert/strict';
import type { Pod, Volume } from './pod.ts';
import type { PodSources, SourceData } from './pod-sources.ts';
import { volumeFiles } from './volume-files.ts';

const objects: Record<string, SourceData> = {
  'secret/tls': { 'tls.crt': Buffer.from('certificate'), 'tls.key': Buffer.from('key') },
  'configMap/kube-root-ca.crt': { 'ca.crt': Buffer.from('CA') },
};
const sources: PodSources = {
  secret: async name => objects[`secret/${name}`],
  configMap: async name => objects[`configMap/${name}`],
  token: async ({ audience = 'default' }) => `for ${audience}`,
};
const pod = {
  metadata: { name: 'web', namespace: 'shop', labels: { b: '2', a: '1' } },
  spec: {},
} as unknown as Pod;

async function files(volume: Omit<Volume, 'name'>) {
  const signal = new AbortController().signal;
  const found = await volumeFiles(pod, { name: 'v', ...volume }, sources, signal);
  return (
    found &&
    Object.fromEntries([...found].map(([path, { content, mode }]) => [path, [`${content}`, mode]]))
  );
}

describe('volumeFiles', () => {
  it('makes a file of every key, with the mode the volume asks for', async () => {
    assert.deepEqual(await files({ secret: { secretName: 'tls', defaultMode: 0o400 } }), {
      'tls.crt': ['certificate', 0o400],
      'tls.key': ['key', 0o400],
    });
    assert.deepEqual(await files({ configMap: { name: 'kube-root-ca.crt' } }), {
      'ca.crt': ['CA', 0o644],
    });
  });

  it('makes only the files of the items, at their paths', async () => {
    const items = [{ key: 'tls.key', path: 'private/key.pem', mode: 0o600 }];
    assert.deepEqual(await files({ secret: { secretName: 'tls', items } }), {
      'private/key.pem': ['key', 0o600],
    });
  });

  it('makes the directory that every pod has its token in', async () => {
    const projected = {
      sources: [
        { serviceAccountToken: { path: 'token', expirationSeconds: 3607 } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
      defaultMode: 0o444,
    };
    assert.deepEqual(await files({ projected }), {
      token: ['for default', 0o600],
      'ca.crt': ['CA', 0o444],
      namespace: ['shop', 0o444],
    });
  });

  it('writes labels in lines', async () => {
    const items = [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }];
    assert.deepEqual(await files({ downwardAPI: { items } }), { labels: ['a="1"\nb="2"', 0o644] });
  });

  it('leaves an emptyDir to the pod', async () => {
    assert.equal(await files({ emptyDir: {} }), undefined);
  });

  it('says what is missing, unless it is optional', async () => {
    const reason = 'ContainerCreating';
    await assert.rejects(files({ secret: { secretName: 'none' } }), {
      reason,
      message: 'secret "none" not found',
    });
    const items = [{ key: 'none', path: 'x' }];
    await assert.rejects(files({ secret: { secretName: 'tls', items } }), {
      reason,
      message: 'secret "tls" has no key none',
    });
    assert.deepEqual(await files({ secret: { secretName: 'none', optional: true } }), {});
    assert.deepEqual(await files({ secret: { secretName: 'tls', items, optional: true } }), {});
  });
});
