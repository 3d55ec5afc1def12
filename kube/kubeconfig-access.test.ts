import assert from 'node:assert/strict';
import { accessFromKubeconfig } from './kubeconfig-access.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

const kubeconfig = (user: string) => `
apiVersion: v1
kind: Config
current-context: one
contexts:
  - { name: one, context: { cluster: here, user: me } }
  - { name: nowhere, context: { cluster: missing, user: me } }
clusters:
  - name: here
    cluster:
      server: https://10.0.0.1:6443/base
      tls-server-name: parent
      certificate-authority-data: ${base64('a certificate')}
users:
  - { name: me, user: ${user} }
`;

describe('accessFromKubeconfig', () => {
  it('takes server, certificates and token of the current context', async () => {
    const access = await accessFromKubeconfig({ text: kubeconfig('{ token: secret }') });
    assert.equal(access.server.href, 'https://10.0.0.1:6443/base');
    assert.equal(access.tls.servername, 'parent');
    assert.equal(String(access.tls.ca), 'a certificate');
    assert.equal(await access.authorization(), 'Bearer secret');
    await access.close();
  });

  it('asks an exec plugin for the token', async () => {
    const credential = {
      kind: 'ExecCredential',
      apiVersion: 'client.authentication.k8s.io/v1',
      status: { token: 'from-plugin' },
    };
    const exec = {
      apiVersion: credential.apiVersion,
      command: 'echo',
      args: [JSON.stringify(credential)],
      interactiveMode: 'Never',
    };
    const text = kubeconfig(`{ exec: ${JSON.stringify(exec)} }`);
    const access = await accessFromKubeconfig({ text });
    assert.equal(await access.authorization(), 'Bearer from-plugin');
    await access.close();
  });

  it('says what is missing', async () => {
    const text = kubeconfig('{ token: secret }');
    const refused = (source: object) => accessFromKubeconfig(source);
    await assert.rejects(refused({ text, context: 'nowhere' }), /nowhere names no cluster/);
    await assert.rejects(refused({ path: '/nowhere/config' }), {
      code: 'CN_KUBE_KUBECONFIG',
      message: /^\/nowhere\/config: ENOENT/,
    });
  });
});
