import assert from 'node:assert/strict';
import { execa } from 'execa';
import type { DynamicObject, KubeObject } from '../api/kube-object.ts';
import { startTestCluster, type TestCluster } from '../hack/local/test-cluster.ts';
import { builtin } from '../kube/builtin.ts';
import { eventually } from '../test/eventually.ts';
import { suiteSignal } from '../test/suite-signal.ts';

const accelerator = 'feature.node.kubernetes.io/pci-10de.present';

describe('nodes played by kwok', () => {
  const signal = suiteSignal(170_000);
  let cluster: TestCluster;

  before(async () => {
    const nodes = [
      { name: 'a', labels: { [accelerator]: 'true' }, capacity: { cpu: '64' } },
      { name: 'b' },
    ];
    cluster = await startTestCluster({ name: 'kwok', nodes }, signal);
  });

  after(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  /** kubectl on this cluster; ends by itself, because exec through kwok may not. */
  const kubectl = async (...args: string[]) => {
    const { stdout } = await execa(
      cluster.tools.kubectl,
      ['--kubeconfig', cluster.kubeconfigPath, ...args],
      { timeout: 20_000 },
    );
    return stdout;
  };
  const runningPods = async (app: string) => {
    const options = { namespace: 'default', labelSelector: `app=${app}` };
    const pods = await cluster.client.listAll(builtin.pods, options, signal);
    return pods.filter(({ status }) => status?.phase === 'Running');
  };

  it('are Ready, with the labels, capacity and version they were given', async () => {
    const node = await cluster.client.get(builtin.nodes, { name: 'a' }, signal);
    assert.equal(node.metadata.labels?.[accelerator], 'true');
    assert.equal(node.status?.allocatable?.cpu, '64');
    assert.equal(node.status?.nodeInfo?.kubeletVersion, cluster.controlPlane.version);
    assert.deepEqual(node.spec?.taints ?? [], []);
  });

  it('run the pods of a Deployment without a scheduler', async () => {
    await cluster.client.create(builtin.deployments, workload('Deployment', 'web', 3), signal);
    const pods = await eventually(
      async () => {
        const running = await runningPods('web');
        return running.length === 3 && running;
      },
      { describe: '3 pods run', withinMs: 20_000 },
    );
    for (const pod of pods) assert.equal(pod.spec?.nodeName, 'a');
  });

  it('run one pod each of a DaemonSet', async () => {
    const daemonSets = { ...builtin.deployments, plural: 'daemonsets', kind: 'DaemonSet' };
    await cluster.client.create(daemonSets, workload('DaemonSet', 'agent'), signal);
    await eventually(
      async () => {
        const nodes = (await runningPods('agent')).map(({ spec }) => spec?.nodeName);
        return nodes.sort().join() === 'a,b';
      },
      { describe: 'a pod runs on each node', withinMs: 20_000 },
    );
  });

  it('answer kubectl logs, exec and port-forward', async () => {
    const [pod] = await runningPods('web');
    const name = pod?.metadata.name ?? '';
    assert.match(await kubectl('logs', name), /its node is played by kwok/);
    assert.equal(await kubectl('exec', name, '--', 'echo', 'hello'), 'hello');

    const address = cluster.slot.address(200);
    const args = ['--kubeconfig', cluster.kubeconfigPath, 'port-forward', '--address', address];
    const forward = execa(cluster.tools.kubectl, [...args, name, '8080:80'], { reject: false });
    try {
      const answer = await eventually(
        async () => (await fetch(`http://${address}:8080/healthz`)).text(),
        { describe: 'the forwarded port answers', withinMs: 20_000 },
      );
      assert.equal(answer, 'ok');
    } finally {
      forward.kill();
      await forward;
    }
  });

  it('take new pods at once after kwok was restarted', async () => {
    await cluster.kwok.stop();
    await cluster.kwok.start(signal);
    const created = workload('Deployment', 'later', 1);
    await cluster.client.create(builtin.deployments, created, signal);
    await eventually(async () => (await runningPods('later')).length === 1, {
      describe: 'a pod made after the restart runs',
      withinMs: 20_000,
    });
  });

  it('go when they are no longer wanted, and pods go to one that is left', async () => {
    await cluster.kwok.setNodes([{ name: 'b' }], signal);
    const nodes = await cluster.client.listAll(builtin.nodes, {}, signal);
    assert.deepEqual(
      nodes.map(({ metadata }) => metadata.name),
      ['b'],
    );
    await cluster.client.create(builtin.deployments, workload('Deployment', 'moved', 1), signal);
    const [pod] = await eventually(
      async () => {
        const running = await runningPods('moved');
        return running.length > 0 && running;
      },
      { describe: 'the pod runs', withinMs: 20_000 },
    );
    assert.equal(pod?.spec?.nodeName, 'b');
  });
});

function workload(kind: string, app: string, replicas?: number): KubeObject {
  const labels = { app };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'none' }] } };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { namespace: 'default', name: app },
    spec: {
      ...(replicas !== undefined && { replicas }),
      selector: { matchLabels: labels },
      template,
    },
  } as DynamicObject;
}
