import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { parse } from 'yaml';
import { clusterRoles } from '../api/well-known.ts';
import { builtin } from '../kube/builtin.ts';
import { KubeClient } from '../kube/client.ts';
import { accessWithToken } from '../kube/token-access.ts';
import { eventually } from '../test/eventually.ts';
import {
  type Caller,
  type ChildCredential,
  proxyPath,
  writeChildKubeconfig,
} from './child-kubeconfig.ts';
import { clientCertificate } from './client-certificate.ts';
import { quietWatch } from './quiet-watch.ts';
import { useTestBed } from './test-bed.ts';

const namespace = 'road-access';
/** Holds a credential of the parent that lets him be `clusternet`, and nothing else. */
const visitor = 'road-visitor';
/** Holds a credential of the parent and no right at all. */
const stranger = 'road-stranger';

describe('the road, reaching a child through the parent', () => {
  const bed = useTestBed();
  let directory: string;
  let parent: KubeClient;
  let berlin: KubeClient;
  let id: string;
  let callers: Readonly<Record<'token' | 'certificate' | 'stranger', Caller>>;
  let childToken: ChildCredential;
  /** The kubeconfig that upstream's documents show. */
  let through: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'road-access-'));
    parent = await bed().client('parent');
    berlin = await bed().client('berlin');
    id = (await bed().joined('berlin')).id;
    // Judged by road-quiet-watch, minutes later.
    await quietWatch(bed());
    await cleanUp();
    for (const name of [visitor, stranger]) {
      await bed().kubectl(['create', 'serviceaccount', name, '-n', 'default']);
    }
    const holders = [`--serviceaccount=default:${visitor}`, `--user=${visitor}`];
    await bind(visitor, clusterRoles.proxyImpersonator, ...holders);
    callers = {
      token: { token: await tokenOf('parent', 'default', visitor) },
      certificate: await clientCertificate(bed(), visitor),
      stranger: { token: await tokenOf('parent', 'default', stranger) },
    };
    const child = { kubeconfig: bed().directory.kubeconfig('berlin') };
    const account = ['serviceaccount', visitor, '-n', namespace];
    await bed().kubectl(['create', 'namespace', namespace], child);
    await bed().kubectl(['create', ...account], child);
    const admin = ['--clusterrole=cluster-admin', `--serviceaccount=${namespace}:${visitor}`];
    await bed().kubectl(['create', 'clusterrolebinding', visitor, ...admin], child);
    childToken = { 'clusternet-token': await tokenOf('berlin', namespace, visitor) };
    through = await kubeconfig('through', callers.token, childToken);
  });

  after(async () => {
    if (directory !== undefined) await rm(directory, { recursive: true });
    if (callers !== undefined) await cleanUp();
  });

  async function cleanUp(): Promise<void> {
    const child = { kubeconfig: bed().directory.kubeconfig('berlin') };
    const gone = ['--ignore-not-found', '--timeout=60s'];
    await bed().kubectl(['delete', 'namespace', namespace, ...gone], child);
    await bed().kubectl(['delete', 'clusterrolebinding', visitor, ...gone], child);
    await bed().kubectl(['delete', 'serviceaccount', visitor, stranger, '-n', 'default', ...gone]);
    await bed().kubectl(['delete', 'clusterrolebinding', visitor, stranger, ...gone]);
    await bed().kubectl(['delete', 'clusterrole', stranger, ...gone]);
  }

  async function bind(name: string, role: string, ...subjects: string[]): Promise<void> {
    const binding = ['create', 'clusterrolebinding', name, `--clusterrole=${role}`];
    await bed().kubectl([...binding, ...subjects]);
  }

  function tokenOf(cluster: string, namespace: string, account: string): Promise<string> {
    const kubeconfig = bed().directory.kubeconfig(cluster);
    return bed().kubectl(['create', 'token', account, '-n', namespace], { kubeconfig });
  }

  function kubeconfig(
    name: string,
    caller: Caller,
    credential?: ChildCredential,
    clusterId = id,
  ): Promise<string> {
    const path = join(directory, `${name}.yaml`);
    return writeChildKubeconfig(path, parent.access, clusterId, caller, credential);
  }

  const kubectl = (args: readonly string[], input?: string) =>
    bed().kubectl(args, { kubeconfig: through, ...(input !== undefined && { input }) });

  /** Runs kubectl where a refusal is expected. */
  const refused = async (path: string, ...args: string[]): Promise<string> => {
    const { tools } = bed();
    const all = ['--kubeconfig', path, ...args];
    const { exitCode, stderr } = await execa(tools.kubectl, all, {
      reject: false,
      stdin: 'ignore',
    });
    assert.equal(exitCode, 1, 'kubectl fails');
    return stderr;
  };

  describe('as clusternet with a credential of the child', () => {
    const namespaces = ['get', 'namespaces', '-o', 'name'];

    for (const kind of ['token', 'certificate'] as const) {
      it(`shows what the child itself shows, to who signs in to the parent by ${kind}`, async () => {
        const path = await kubeconfig(`by-${kind}`, callers[kind], childToken);
        const direct = { kubeconfig: bed().directory.kubeconfig('berlin') };
        const seen = await bed().kubectl(namespaces, { kubeconfig: path });
        assert.match(seen, /namespace\/road-access/);
        assert.equal(seen, await bed().kubectl(namespaces, direct));
      });
    }

    it('is who a client certificate of the child says', async () => {
      const admin = parse(await readFile(bed().directory.kubeconfig('berlin'), 'utf8'));
      const [{ user }] = admin.users;
      const path = await kubeconfig('by-child-certificate', callers.token, {
        'clusternet-certificate': user['client-certificate-data'],
        'clusternet-privatekey': user['client-key-data'],
      });
      const who = ['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}'];
      assert.equal(await bed().kubectl(who, { kubeconfig: path }), 'kubernetes-admin');
      assert.equal(await kubectl(who), `system:serviceaccount:${namespace}:${visitor}`);
    });

    it('creates, applies, dry-runs, compares and deletes', async () => {
      const key = { namespace, name: 'made' };
      const colour = async () => (await berlin.find(builtin.configMaps, key))?.data?.colour;
      const made = (value: string) =>
        JSON.stringify({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: key,
          data: { colour: value },
        });
      await kubectl(['create', '-f', '-'], made('red'));
      assert.equal(await colour(), 'red');
      await kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], made('green'));
      assert.equal(await colour(), 'green');
      const dry = ['apply', '--server-side', '--force-conflicts', '--dry-run=server', '-f', '-'];
      assert.match(await kubectl(dry, made('blue')), /serverside-applied \(server dry run\)/);
      assert.equal(await colour(), 'green');
      const { tools } = bed();
      const diff = [
        '--kubeconfig',
        through,
        'diff',
        '--server-side',
        '--force-conflicts',
        '-f',
        '-',
      ];
      const options = { reject: false, input: made('blue') };
      const { exitCode, stdout } = await execa(tools.kubectl, diff, options);
      assert.equal(exitCode, 1, 'there are differences');
      assert.match(stdout, /^- +colour: green$/m);
      assert.match(stdout, /^\+ +colour: blue$/m);
      await kubectl(['delete', 'configmap', key.name, '-n', namespace]);
      assert.equal(await colour(), undefined);
    });

    it('carries a list of 50 MB, byte for byte what the child itself answers', async () => {
      for (let index = 0; index < 50; index++) {
        const name = `big-${String(index).padStart(2, '0')}`;
        const data = { noise: randomBytes(750_000).toString('base64') };
        const metadata = { namespace, name, labels: { big: 'true' } };
        await berlin.create(builtin.configMaps, {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata,
          data,
        });
      }
      const { metadata } = await berlin.list(builtin.configMaps, { namespace, limit: 1 });
      const query = new URLSearchParams({
        labelSelector: 'big=true',
        resourceVersion: metadata.resourceVersion,
        resourceVersionMatch: 'Exact',
      });
      const raw = ['get', '--raw', `/api/v1/namespaces/${namespace}/configmaps?${query}`];
      const digest = async (path: string, ...flags: string[]) => {
        const args = ['--kubeconfig', path, ...flags, ...raw];
        const hash = createHash('sha256');
        let bytes = 0;
        const child = execa(bed().tools.kubectl, args, { buffer: false, stdin: 'ignore' });
        child.stdout.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          hash.update(chunk);
        });
        await Promise.all([once(child.stdout, 'end'), child]);
        return { bytes, sha256: hash.digest('hex') };
      };
      const direct = await digest(bed().directory.kubeconfig('berlin'));
      assert.ok(direct.bytes > 50_000_000, `${direct.bytes} bytes`);
      assert.deepEqual(await digest(through, '--disable-compression'), direct);
      assert.deepEqual(await digest(through), direct);
    });

    it('may do in the child what that credential may, and not more', async () => {
      const kubeconfigOfChild = { kubeconfig: bed().directory.kubeconfig('berlin') };
      const account = ['create', 'serviceaccount', 'powerless', '-n', namespace];
      await bed().kubectl(account, kubeconfigOfChild);
      const token = { 'clusternet-token': await tokenOf('berlin', namespace, 'powerless') };
      const path = await kubeconfig('powerless', callers.token, token);
      const answer = await refused(path, 'get', 'secrets', '-A');
      assert.match(answer, /Forbidden.*"system:serviceaccount:road-access:powerless" cannot list/s);
    });
  });

  describe('without the right to', () => {
    const asClusternet = () => ({
      'impersonate-user': 'clusternet',
      'impersonate-extra-clusternet-token': childToken['clusternet-token'] ?? '',
    });

    /** Sends one request to the child's /version, or another path, through the parent. */
    async function ask(
      caller: 'nobody' | 'token' | 'stranger',
      headers: Readonly<Record<string, string>>,
      { clusterId = id, path = '/version' } = {},
    ): Promise<{ readonly code: number; readonly message: string }> {
      const { server, tls } = parent.access;
      const { token = '' } = caller === 'nobody' ? {} : callers[caller];
      const access = accessWithToken({ server, caBundle: tls.ca, token });
      const client = new KubeClient(
        token === '' ? { ...access, authorization: async () => undefined } : access,
      );
      const request = { method: 'GET', path: proxyPath(clusterId) + path, headers };
      const { statusCode, body } = await client.request(request);
      const message = await body.text();
      await client.access.close();
      return { code: statusCode, message };
    }

    it('turns away who signs in as nobody, with and without `as`', async () => {
      for (const headers of [{}, asClusternet()]) {
        const { code, message } = await ask('nobody', headers);
        assert.ok(code === 401 || code === 403, `${code} ${message}`);
      }
      const path = await kubeconfig('nobody', { username: 'system:anonymous' }, childToken);
      assert.match(await refused(path, 'get', 'namespaces'), /Forbidden|Unauthorized/);
    });

    it('turns away who may not impersonate, before the child is asked', async () => {
      const { code, message } = await ask('stranger', asClusternet());
      assert.equal(code, 403);
      assert.match(message, /cannot impersonate/);
      const path = await kubeconfig('stranger', callers.stranger, childToken);
      assert.match(await refused(path, 'get', 'namespaces'), /cannot impersonate/);
    });

    it('turns away who comes as himself without RBAC on that cluster, even the impersonator', async () => {
      for (const caller of ['stranger', 'token'] as const) {
        const { code, message } = await ask(caller, {});
        assert.equal(code, 403, caller);
        assert.match(message, /sockets\/proxy/);
        assert.match(message, new RegExp(id));
      }
    });

    it('lets RBAC open one cluster by its id, and not the next one', async () => {
      const munich = (await bed().joined('munich')).id;
      const rule = ['--verb=get', '--resource=sockets.proxies.clusternet.io/proxy'];
      const role = ['create', 'clusterrole', stranger, ...rule, `--resource-name=${id}`];
      await bed().kubectl(role);
      await bind(stranger, stranger, `--serviceaccount=default:${stranger}`);
      const opened = await eventually(
        async () => {
          const answer = await ask('stranger', {});
          if (answer.code !== 200) throw new Error(answer.message);
          return answer;
        },
        { withinMs: 30_000, describe: 'the new right is known' },
      );
      assert.match(opened.message, /"gitVersion"/);
      const closed = await ask('stranger', {}, { clusterId: munich });
      assert.equal(closed.code, 403);
      assert.match(closed.message, new RegExp(munich));
      const inside = await ask('stranger', {}, { path: '/api/v1/secrets' });
      assert.equal(inside.code, 403);
      assert.match(inside.message, /system:anonymous/, 'in the child he is nobody');
    });
  });
});
