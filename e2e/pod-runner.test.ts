import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { Agent, request } from 'undici';
import { type ContainerStatus, type Pod, pods } from '../hack/local/pod-runner/pod.ts';
import { PodRunner } from '../hack/local/pod-runner/pod-runner.ts';
import { startTestCluster, type TestCluster } from '../hack/local/test-cluster.ts';
import { builtin } from '../kube/builtin.ts';
import { createLogger } from '../reconcile/logger.ts';
import { eventually } from '../test/eventually.ts';
import { suiteSignal } from '../test/suite-signal.ts';

const namespace = 'default';
const image = 'example.com/program:v1';
const program = join(import.meta.dirname, 'pod-program.ts');

describe('the pod runner', () => {
  const signal = suiteSignal(170_000);
  let cluster: TestCluster;
  let runner: PodRunner;

  function newRunner(): PodRunner {
    return new PodRunner({
      controlPlane: cluster.controlPlane,
      images: [{ repository: 'example.com/program', entrypoint: [process.execPath, program] }],
      logger: createLogger('pod-runner', { write: () => {} }),
    });
  }

  before(async () => {
    cluster = await startTestCluster({ nodes: [{ name: 'fake-1' }] }, signal);
    runner = newRunner();
    await runner.start(signal);
  });
  after(async () => {
    await runner?.stop();
    await cluster?.[Symbol.asyncDispose]();
  });

  async function createPod(name: string, spec: object = {}, labels = {}): Promise<void> {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace, labels: { app: name, ...labels } },
      spec: { containers: [{ name: 'program', image }], terminationGracePeriodSeconds: 5, ...spec },
    };
    await cluster.client.create(pods, pod as Pod, signal);
  }

  function podWhen(name: string, what: string, condition: (pod: Pod) => boolean): Promise<Pod> {
    return eventually(
      async () => {
        const pod = await cluster.client.get(pods, { namespace, name }, signal);
        assert.ok(condition(pod), JSON.stringify(pod.status));
        return pod;
      },
      { withinMs: 30_000, describe: `pod ${name} ${what}` },
    );
  }

  const isReady = (pod: Pod) =>
    pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ??
    false;

  const program1 = ({ status }: Pod): ContainerStatus | undefined => status?.containerStatuses?.[0];

  async function createService(name: string, targetPort: number | string): Promise<string> {
    const service = await cluster.client.create(
      builtin.services,
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name, namespace },
        spec: { selector: { app: name }, ports: [{ port: 80, targetPort }] },
      },
      signal,
    );
    return service.spec?.clusterIP ?? '';
  }

  async function ask(host: string, path: string): Promise<string> {
    return eventually(async () => (await fetch(`http://${host}${path}`)).text(), {
      withinMs: 10_000,
      describe: `an answer of ${host}${path}`,
    });
  }

  async function isRefused(host: string): Promise<boolean> {
    return fetch(`http://${host}/`).then(
      () => false,
      () => true,
    );
  }

  it('binds pods of known images to its node, and no others', async () => {
    await createPod('known', { containers: [{ name: 'program', image }] });
    await createPod('other', {
      containers: [{ name: 'program', image: 'example.com/programs:v1' }],
    });
    const known = await podWhen('known', 'is ready', isReady);
    assert.equal(known.spec.nodeName, 'test-runner');
    assert.match(known.status?.podIP ?? '', /^10\.244\./);
    const other = await cluster.client.get(pods, { namespace, name: 'other' }, signal);
    assert.equal(other.spec.nodeName, 'fake-1');
  });

  it('registers a tainted node that stays ready', async () => {
    const node = await cluster.client.get(builtin.nodes, { name: 'test-runner' }, signal);
    assert.equal(node.metadata.labels?.['node-role.kubernetes.io/control-plane'], '');
    const taint = { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' };
    await eventually(
      async () => {
        const { spec } = await cluster.client.get(builtin.nodes, { name: 'test-runner' }, signal);
        assert.deepEqual(spec?.taints, [taint]);
        return true;
      },
      { withinMs: 20_000, describe: 'only the taint of the role' },
    );
  });

  it('shows Secrets, ConfigMaps and the ServiceAccount token at their mountPaths, and the machine sees nothing of it', async () => {
    await cluster.client.create(
      builtin.secrets,
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'settings', namespace },
        stringData: { word: 'from a secret', 'a.txt': 'file a' },
      },
      signal,
    );
    await createPod('mounted', {
      containers: [
        {
          name: 'program',
          image,
          args: ['--word=$(WORD)', '$$(WORD)'],
          env: [
            { name: 'WORD', valueFrom: { secretKeyRef: { name: 'settings', key: 'word' } } },
            { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          ],
          volumeMounts: [
            { name: 'settings', mountPath: '/tmp/e2e-pod/settings', readOnly: true },
            { name: 'scratch', mountPath: '/var/lib/e2e-scratch' },
          ],
        },
      ],
      volumes: [
        { name: 'settings', secret: { secretName: 'settings' } },
        { name: 'scratch', emptyDir: {} },
      ],
    });
    const host = await createService('mounted', 8080);
    await podWhen('mounted', 'is ready', isReady);
    const self = JSON.parse(await ask(host, '/self'));
    assert.deepEqual(self.args, ['--word=from a secret', '$(WORD)']);
    assert.equal(self.env.POD, 'mounted');
    assert.equal(self.env.KUBERNETES_SERVICE_HOST, cluster.slot.address(1));
    assert.equal(await ask(host, '/file?path=/tmp/e2e-pod/settings/a.txt'), 'file a');
    const directory = '/var/run/secrets/kubernetes.io/serviceaccount';
    assert.equal(await ask(host, `/file?path=${directory}/namespace`), 'default');
    const claims = (await ask(host, `/file?path=${directory}/token`)).split('.')[1] ?? '';
    const { sub } = JSON.parse(Buffer.from(claims, 'base64url').toString());
    assert.equal(sub, 'system:serviceaccount:default:default');
    assert.match(await ask(host, `/file?path=${directory}/ca.crt`), /BEGIN CERTIFICATE/);
    assert.ok(!existsSync('/tmp/e2e-pod') && !existsSync('/var/lib/e2e-scratch'));
  });

  it('waits for a missing Secret and says so', async () => {
    const volumes = [{ name: 'late', secret: { secretName: 'late' } }];
    const volumeMounts = [{ name: 'late', mountPath: '/var/run/e2e-late' }];
    await createPod('waiting', { containers: [{ name: 'program', image, volumeMounts }], volumes });
    const message = 'secret "late" not found';
    await podWhen('waiting', 'waits', pod => program1(pod)?.state.waiting?.message === message);
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'late', namespace } };
    await cluster.client.create(builtin.secrets, secret, signal);
    await podWhen('waiting', 'is ready', isReady);
  });

  it('restarts a program that ends and counts it', async () => {
    await createPod('restarted');
    const host = await createService('restarted', 8080);
    await podWhen('restarted', 'is ready', isReady);
    const before = JSON.parse(await ask(host, '/self'));
    await ask(host, '/exit?code=3');
    const pod = await podWhen('restarted', 'is ready again', each => {
      return isReady(each) && program1(each)?.restartCount === 1;
    });
    assert.equal(program1(pod)?.lastState?.terminated?.exitCode, 3);
    const after = JSON.parse(await ask(host, '/self'));
    assert.notEqual(after.pid, before.pid);
    const log = join(cluster.controlPlane.directory, 'logs/pods/default_restarted_program.log');
    assert.equal((await readFile(log, 'utf8')).match(/listening/g)?.length, 2);
  });

  it('restarts a program whose liveness probe fails', async () => {
    const livenessProbe = {
      exec: { command: ['test', '-e', '/var/lib/e2e-alive/yes'] },
      periodSeconds: 1,
      failureThreshold: 1,
    };
    await createPod('unhealthy', {
      containers: [
        {
          name: 'program',
          image,
          livenessProbe,
          volumeMounts: [{ name: 'alive', mountPath: '/var/lib/e2e-alive' }],
        },
      ],
      volumes: [{ name: 'alive', emptyDir: {} }],
    });
    await podWhen('unhealthy', 'is restarted', pod => (program1(pod)?.restartCount ?? 0) > 0);
  });

  it('listens at the address of a Service while a pod is ready, by the name of its port', async () => {
    const readinessProbe = { httpGet: { path: '/ready', port: 'web' }, periodSeconds: 1 };
    const ports = [{ name: 'web', containerPort: 8080 }];
    const host = await createService('served', 'web');
    assert.ok(await isRefused(host));
    await createPod('served', { containers: [{ name: 'program', image, ports, readinessProbe }] });
    await podWhen('served', 'is ready', isReady);
    assert.equal(await ask(host, '/hello'), '/hello');
    await cluster.client.delete(pods, { namespace, name: 'served' }, {}, signal);
    await eventually(() => isRefused(host), {
      withinMs: 10_000,
      describe: 'nobody listens',
    });
  });

  it('answers kubectl logs, whole, by the last lines and following, and nobody but the API server', async () => {
    await createPod('talking');
    const host = await createService('talking', 8080);
    await podWhen('talking', 'is ready', isReady);
    await ask(host, '/say?line=one');
    await ask(host, '/say?line=two');
    const kubectl = (...args: string[]) =>
      execa(cluster.tools.kubectl, [
        '--kubeconfig',
        cluster.kubeconfigPath,
        'logs',
        'talking',
        ...args,
      ]);
    assert.equal((await kubectl()).stdout, 'listening\none\ntwo');
    assert.equal((await kubectl('--tail=1')).stdout, 'two');
    const following = kubectl('--follow', '--tail=1');
    const lines = following.iterable()[Symbol.asyncIterator]();
    assert.equal((await lines.next()).value, 'two');
    await ask(host, '/say?line=three');
    assert.equal((await lines.next()).value, 'three');
    following.kill();
    await following.catch(() => {});
    const url = `https://${cluster.slot.address(5)}:10250/containerLogs/default/talking/program`;
    const stranger = new Agent({ connect: { rejectUnauthorized: false } });
    await assert.rejects(request(url, { dispatcher: stranger }), /closed|reset|certificate/);
    await stranger.close();
  });

  it('refuses what it cannot do in the status of the pod', async () => {
    const volumes = [{ name: 'host', hostPath: { path: '/etc' } }];
    await createPod('refused', { volumes });
    const message = 'the pod runner does not support spec.volumes[0].hostPath';
    await podWhen(
      'refused',
      'is refused',
      pod => program1(pod)?.state.waiting?.message === message,
    );
  });

  it('ends the process of a deleted pod and lets the pod go', async () => {
    await createPod('deleted');
    const pod = await podWhen('deleted', 'is ready', isReady);
    const pid = Number(program1(pod)?.containerID?.replace('process://', ''));
    assert.ok(existsSync(`/proc/${pid}`));
    await cluster.client.delete(pods, { namespace, name: 'deleted' }, {}, signal);
    await eventually(
      async () => !(await cluster.client.find(pods, { namespace, name: 'deleted' }, signal)),
      { withinMs: 20_000, describe: 'the pod is gone' },
    );
    assert.ok(!existsSync(`/proc/${pid}`));
  });

  it('ends at once what is deleted by force, even while it lets a deletion take its time', async () => {
    await createPod('stubborn');
    const host = await createService('stubborn', 8080);
    const { pid } = JSON.parse(await ask(host, '/self'));
    process.kill(pid, 'SIGSTOP');
    const key = { namespace, name: 'stubborn' };
    await cluster.client.delete(pods, key, { gracePeriodSeconds: 120 }, signal);
    await cluster.client.delete(pods, key, { gracePeriodSeconds: 0 }, signal);
    const ended = () => !existsSync(`/proc/${pid}`);
    await eventually(ended, { withinMs: 10_000, describe: 'the process has ended' });
  });

  it('leaves no process when it stops, takes its pods up again when it starts, and forgets those that have gone', async () => {
    const uids = () => readdirSync(join(cluster.controlPlane.directory, 'pods'));
    await createPod('kept');
    await createPod('gone');
    await podWhen('kept', 'is ready', isReady);
    const { metadata } = await podWhen('gone', 'is ready', isReady);
    await runner.stop();
    const records = readdirSync(join(cluster.controlPlane.directory, 'processes'), {
      recursive: true,
    });
    assert.deepEqual(
      records.filter(name => String(name).includes('_program')),
      [],
    );
    await cluster.client.delete(
      pods,
      { namespace, name: 'gone' },
      { gracePeriodSeconds: 0 },
      signal,
    );
    mkdirSync(join(cluster.controlPlane.directory, 'pods', metadata.uid ?? ''), {
      recursive: true,
    });
    runner = newRunner();
    await runner.start(signal);
    const kept = await podWhen(
      'kept',
      'is ready again',
      pod => isReady(pod) && program1(pod)?.restartCount === 1,
    );
    assert.ok(uids().includes(kept.metadata.uid ?? ''));
    assert.ok(!uids().includes(metadata.uid ?? ''));
  });
});
