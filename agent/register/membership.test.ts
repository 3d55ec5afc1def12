import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { clusterRegistrationRequests } from '../../api/clusters/cluster-registration-request.ts';
import {
  isCredentialSigned,
  publicKeyText,
  type SocketCredential,
} from '../../api/proxies/socket-credential.ts';
import {
  agentLease,
  annotations,
  namesFor,
  namespaces,
  secretNames,
} from '../../api/well-known.ts';
import { builtin } from '../../kube/builtin.ts';
import { KubeClient } from '../../kube/client.ts';
import { createLogger } from '../../reconcile/logger.ts';
import { eventually } from '../../test/eventually.ts';
import { FakeApiServer } from '../../test/fake-api-server.ts';
import { Refusal } from '../../test/refusal.ts';
import { startTlsFront, type TlsFront } from '../../test/tls-front.ts';
import { readClusterId } from './agent-lease.ts';
import { DialNote } from './dial-note.ts';
import { keepMembership, type ParentSession } from './membership.ts';
import { ensureAgentKey } from './parent-secret.ts';
import type { RegistrationSettings } from './registration-settings.ts';

const logger = createLogger('test', { write: () => true });
const wanted = {
  clusterName: 'one',
  clusterType: 'StandardCluster',
  clusterLabels: { tier: 'gold' },
  syncMode: 'Pull',
} as const;

describe('keepMembership', () => {
  let child: FakeApiServer;
  let parent: FakeApiServer;
  let front: TlsFront;
  let agent: KubeClient;
  let clusterId: string;
  let path: string;
  let stop: AbortController;
  let running: Promise<void>;
  let note: DialNote;
  let sessions: ParentSession[];

  beforeEach(async () => {
    [child, parent] = await Promise.all([new FakeApiServer().start(), new FakeApiServer().start()]);
    front = await startTlsFront(parent.url);
    agent = new KubeClient(child.access());
    stop = new AbortController();
    sessions = [];
    running = Promise.resolve();
    clusterId = await readClusterId(agent, stop.signal);
    path = `/apis/proxies.clusternet.io/v1alpha1/sockets/${clusterId}/credential`;
  });

  afterEach(async () => {
    stop.abort();
    await running;
    await note.written();
    await front[Symbol.asyncDispose]();
    await Promise.all([child.close(), parent.close()]);
  });

  /** Starts the agent's part, as a process would. */
  async function start(flags: RegistrationSettings = {}) {
    const key = await ensureAgentKey(agent, stop.signal);
    const given = { parentURL: front.url, token: 'bootstrap', caBundle: front.caBundle, ...flags };
    note = new DialNote(agent, logger);
    running = keepMembership(
      { child: agent, clusterId, key, wanted, flags: given, note, logger },
      async (session, signal) => {
        sessions.push(session);
        await new Promise(resolve => signal.addEventListener('abort', resolve));
      },
      stop.signal,
    );
    return key;
  }

  async function restart(flags: RegistrationSettings = {}) {
    stop.abort();
    await running;
    stop = new AbortController();
    return start(flags);
  }

  /** The hub's answer to credential requests: `token-1`, `token-2`, … */
  function grantCredentials(lifetimeMs = 86_400_000) {
    const bodies: SocketCredential[] = [];
    parent.answer('POST', path, body => {
      bodies.push(body as unknown as SocketCredential);
      const status = {
        token: `token-${bodies.length}`,
        expirationTimestamp: new Date(Date.now() + lifetimeMs).toISOString(),
        namespace: 'clusternet-x',
        managedClusterName: 'one',
        caBundle: front.caBundle,
      };
      return { ...body, status };
    });
    return bodies;
  }

  const requestName = () => ({ name: namesFor.registrationRequest(clusterId) });
  const findRequest = () => parent.objects.get(clusterRegistrationRequests, requestName());

  function announce(status: object, spec: object = {}) {
    return parent.objects.put(clusterRegistrationRequests, {
      apiVersion: 'clusters.clusternet.io/v1beta1',
      kind: 'ClusterRegistrationRequest',
      metadata: requestName(),
      spec: { clusterId, ...spec },
      status,
    });
  }

  const noteOnLease = () =>
    child.objects.get(builtin.leases, { namespace: namespaces.system, name: agentLease })?.metadata
      .annotations?.[annotations.lastDialError];
  const joined = () => eventually(() => sessions[0], { describe: 'joined' });
  const tokensUsed = () =>
    parent.requests.filter(each => each.path === path).map(each => each.headers.authorization);

  it('registers, waits for approval and proves its key', async () => {
    const bodies = grantCredentials();
    const key = await start();
    const request = await eventually(findRequest);
    assert.equal(request.spec.publicKey, publicKeyText(key));
    assert.equal(request.spec.clusterName, 'one');
    assert.deepEqual(request.spec.clusterLabels, { tier: 'gold' });
    assert.equal(bodies.length, 0, 'no credential before approval');
    announce({ result: 'Approved' }, { publicKey: publicKeyText(key) });
    const session = await joined();
    assert.equal(session.token(), 'token-1');
    assert.equal(session.namespace, 'clusternet-x');
    assert.ok(bodies[0] && findRequest()?.metadata.uid);
    const subject = { clusterId, crrUid: findRequest()?.metadata.uid ?? '' };
    assert.ok(isCredentialSigned(bodies[0].spec, subject));
    assert.deepEqual(tokensUsed(), ['Bearer bootstrap']);
  });

  it('uses the registration that discovery made and writes none', async () => {
    announce({ result: 'Approved' });
    grantCredentials();
    await start();
    await joined();
    assert.deepEqual(
      parent.writes().map(each => each.path),
      [path],
    );
  });

  it('resumes with the stored credential and writes nothing', async () => {
    announce({ result: 'Approved' });
    grantCredentials();
    await start();
    await joined();
    const settled = () => noteOnLease() === undefined && tokensUsed().length === 1;
    await eventually(settled);
    sessions = [];
    const before = [child.writes().length, parent.writes().length];
    await restart({ token: undefined });
    assert.equal((await joined()).token(), 'token-1');
    assert.deepEqual([child.writes().length, parent.writes().length], before);
  });

  it('renews with the present token from half of its life on, without ending the session', async () => {
    announce({ result: 'Approved' });
    grantCredentials(2_000);
    await start();
    const session = await joined();
    await eventually(() => session.token() === 'token-2');
    assert.deepEqual(tokensUsed().slice(0, 2), ['Bearer bootstrap', 'Bearer token-1']);
    assert.equal(sessions.length, 1);
  });

  it('joins anew with a bootstrap token when the parent no longer knows the present one', async () => {
    announce({ result: 'Approved' });
    const bodies = grantCredentials();
    await start();
    const session = await joined();
    parent.failNext({ method: 'GET', path: /clusterregistrationrequests/, with: 401 });
    session.tokenRefused();
    await eventually(() => session.token() === 'token-2');
    assert.deepEqual(tokensUsed(), ['Bearer bootstrap', 'Bearer bootstrap']);
    assert.equal(bodies[0]?.spec.publicKey, bodies[1]?.spec.publicKey);
    assert.notEqual(bodies[0]?.spec.nonce, bodies[1]?.spec.nonce);
  });

  it('registers again when somebody deleted its registration', async () => {
    announce({ result: 'Approved' });
    grantCredentials();
    await start();
    const session = await joined();
    parent.objects.remove(clusterRegistrationRequests, requestName());
    session.tokenRefused();
    const request = await eventually(findRequest);
    announce({ result: 'Approved' }, request.spec);
    await eventually(() => session.token() === 'token-2');
  });

  it('stops asking after a denial and says what an administrator can do', async () => {
    announce({ result: 'Denied', errorMessage: 'not one of ours' });
    await start();
    const note = await eventually(noteOnLease);
    assert.match(note, /^Denied: .*not one of ours.*can delete it/);
    assert.equal(parent.requests.length, 1);
  });

  it('says that another key is pinned instead of trying for ever in silence', async () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
    announce({ result: 'Approved' }, { publicKey: publicKeyText(other) });
    await start();
    assert.match(await eventually(noteOnLease), /^KeyMismatch: .*pinned to another key/);
    assert.deepEqual(tokensUsed(), []);
  });

  it('leaves word on the Lease when the CA is wrong, and takes it back once joined', async () => {
    announce({ result: 'Approved' });
    grantCredentials();
    const stranger = await startTlsFront(parent.url);
    await start({ caBundle: stranger.caBundle });
    assert.match(await eventually(noteOnLease), /^CertificateUntrusted: .*ca\.crt of Secret/);
    await restart();
    await joined();
    await eventually(() => noteOnLease() === undefined);
    await stranger[Symbol.asyncDispose]();
  });

  it('leaves word about a refused token', async () => {
    parent.failNext({ with: 401, times: 100 });
    await start();
    assert.match(await eventually(noteOnLease), /^TokenRefused: .*new bootstrap token/);
  });

  it('asks a parent that refuses it ever less often, and shows the refusal once', async () => {
    announce({ result: 'Approved' });
    parent.answer('POST', path, () => {
      throw new Refusal(401, 'Unauthorized', 'the token has expired');
    });
    const started = performance.now();
    await start();
    await eventually(() => tokensUsed().length === 4, { withinMs: 9_000 });
    // Half of 500 ms, 1 s and 2 s: the least that three doubling waits can take.
    assert.ok(performance.now() - started >= 1_700);
    assert.match(await eventually(noteOnLease), /^TokenRefused: /);
    const notes = child.writes().filter(each => each.path.includes('/leases/'));
    assert.equal(notes.length, 1);
    assert.deepEqual(
      parent.writes().filter(each => each.path !== path),
      [],
      'nothing is written into the parent',
    );
  });

  it('leaves word about a hub that is not there', async () => {
    announce({ result: 'Approved' });
    parent.answer('POST', path, () => {
      throw new Refusal(404, 'NotFound', 'the server could not find the requested resource');
    });
    await start();
    assert.match(await eventually(noteOnLease), /^HubNotReady: .*not installed/);
  });

  it('leaves word about an unreachable parent', async () => {
    await start({ parentURL: 'https://127.0.0.1:1' });
    assert.match(await eventually(noteOnLease), /^HubUnreachable: cannot reach https:/);
  });

  it('leaves word about an address that is none, and asks nobody', async () => {
    await start({ parentURL: 'parent.test:6443' });
    const note = await eventually(noteOnLease, { withinMs: 9_000 });
    assert.match(note, /^NoParent: parent URL "parent.test:6443" must be .*https:\/\//);
    assert.deepEqual(parent.requests, []);
  });

  it('leaves word about a CA that is none', async () => {
    await start({ caBundle: 'garbage' });
    assert.match(await eventually(noteOnLease), /^CertificateUntrusted: .*ca\.crt of Secret/);
  });

  it('waits for the registration Secret and takes URL, token and CA from it', async () => {
    announce({ result: 'Approved' });
    grantCredentials();
    await start({ parentURL: undefined, token: undefined, caBundle: undefined });
    await eventually(() => noteOnLease() === undefined && child.requests.length > 3);
    const base64 = (text: string) => Buffer.from(text).toString('base64');
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace: namespaces.system, name: secretNames.clusterRegistration },
      data: {
        parentURL: base64(`${front.url}/`),
        regToken: base64('from-secret\n'),
        'ca.crt': base64(front.caBundle),
      },
    };
    child.objects.put(builtin.secrets, secret);
    await restart({ parentURL: undefined, token: undefined, caBundle: undefined });
    assert.equal((await joined()).server.href, `${front.url}/`);
    assert.deepEqual(tokensUsed(), ['Bearer from-secret']);
  });

  it('gives the hub its own words back when it refuses', async () => {
    announce({ result: 'Approved' });
    parent.answer('POST', path, () => {
      throw new Refusal(403, 'Forbidden', 'the nonce was used before');
    });
    await start();
    assert.match(await eventually(noteOnLease), /^Forbidden: .*the nonce was used before/);
  });
});
