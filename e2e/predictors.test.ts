import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { manifests } from '../api/apps/manifest.ts';
import { subscriptions } from '../api/apps/subscription.ts';
import { managedClusters } from '../api/clusters/managed-cluster.ts';
import { isTrue } from '../api/conditions.ts';
import { namespaces } from '../api/well-known.ts';
import { type RunningPredictor, startPredictor } from '../examples/predictor/predictor.ts';
import { startTestCluster, type TestCluster } from '../hack/local/test-cluster.ts';
import { builtin } from '../kube/builtin.ts';
import { identityObjects } from '../manifests/identity.ts';
import { schedulerIdentity } from '../manifests/scheduler.ts';
import { eventually } from '../test/eventually.ts';
import { suiteSignal } from '../test/suite-signal.ts';
import { selfSigned } from '../test/tls-front.ts';
import { type AgentProcess, startAgent } from './agent-process.ts';
import { ComponentProcess } from './component-process.ts';
import { applyAll, type HubProcess, kubeconfigOf, prepareForHub, startHub } from './hub-process.ts';
import { type Invited, inviteAgent } from './invite-agent.ts';

const names = ['a', 'b'] as const;
type Name = (typeof names)[number];
type ByChild<T> = Readonly<Record<Name, T>>;

/** Hub, scheduler and two agents as processes with the rights of the manifests; the predictors are the example. */
describe('a Deployment divided by predictors of your own, into two real clusters', function () {
  this.timeout(180_000);
  const signal = suiteSignal(170_000);
  let parent: TestCluster;
  let hub: HubProcess;
  let scheduler: ComponentProcess;
  const children = new Map<Name, TestCluster>();
  const invited = new Map<Name, Invited>();
  const agents = new Map<Name, AgentProcess>();
  const predictors: RunningPredictor[] = [];
  let caFile: string;
  let tokenFile: string;
  let central: RunningPredictor;
  /** One in each child: over HTTPS and with a token, to be asked by the scheduler; and a plain one for the agent beside it. */
  let direct: ByChild<RunningPredictor>;
  let beside: ByChild<RunningPredictor>;

  before(async () => {
    const [first, ...rest] = await Promise.all(
      ['parent', ...names].map(name => startTestCluster({ name }, signal)),
    );
    parent = first ?? assert.fail();
    hub = await startHub(parent, await prepareForHub(parent, signal));
    for (const [index, name] of names.entries()) {
      const child = rest[index] ?? assert.fail();
      children.set(name, child);
      const cluster = { name, labels: { predictors: 'own' } };
      invited.set(name, await inviteAgent(parent, child, cluster, signal));
    }
    await startPredictors();
    await startScheduler();
  });

  after(async () => {
    for (const each of [...agents.values(), scheduler, hub]) await each?.kill('SIGTERM');
    await Promise.all(predictors.map(each => each.close()));
    await Promise.all([parent, ...children.values()].map(each => each?.[Symbol.asyncDispose]()));
  });

  async function startPredictors(): Promise<void> {
    const { certificate: cert, key } = await selfSigned();
    const { directory } = parent.controlPlane;
    [caFile, tokenFile] = [join(directory, 'predictors.crt'), join(directory, 'predictors.token')];
    await Promise.all([writeFile(caFile, cert), writeFile(tokenFile, 'secret')]);
    const start = async (options: Partial<Parameters<typeof startPredictor>[0]>) => {
      const loopback = { address: '127.0.0.1', port: 0, replicas: 0 };
      const running = await startPredictor({ ...loopback, ...options });
      predictors.push(running);
      return running;
    };
    const verified = { tls: { cert, key }, token: 'secret' };
    // Enough of it, in one proportion: what was placed a moment ago is set aside, from the room for other questions too.
    const id = (name: Name) => invited.get(name)?.clusterId ?? assert.fail();
    central = await start({ clusters: { [id('a')]: 10, [id('b')]: 20 } });
    direct = {
      a: await start({ ...verified, replicas: 10 }),
      b: await start({ ...verified, replicas: 5 }),
    };
    beside = { a: await start({ replicas: 50 }), b: await start({ replicas: 0 }) };
  }

  async function startScheduler(): Promise<void> {
    await applyAll(parent, identityObjects(schedulerIdentity, namespaces.system), signal);
    const port = ({ url }: RunningPredictor) => Number(new URL(url).port);
    const host = '127.0.0.1';
    const allowedAddresses = [
      { scheme: 'http', host, port: port(central) },
      ...names.map(name => ({ host, port: port(direct[name]), caFile, tokenFile })),
    ];
    const pluginConfig = [{ name: 'Predictor', args: { allowedAddresses } }];
    const config = join(parent.controlPlane.directory, 'scheduler.yaml');
    await writeFile(
      config,
      JSON.stringify({ profiles: [{ schedulerName: 'default', pluginConfig }] }),
    );
    const kubeconfig = await kubeconfigOf(parent, schedulerIdentity.name);
    const flags = ['--kubeconfig', kubeconfig, '--config', config, '--secure-port', '0'];
    scheduler = new ComponentProcess('scheduler', flags);
  }

  /** Starts the agents, or starts them anew, and waits until the parent knows which predictors they have. */
  async function predictBy(by: ByChild<RunningPredictor>, ...flags: string[]): Promise<void> {
    for (const name of names) {
      await agents.get(name)?.kill('SIGTERM');
      const own = [`--predictor-addr=${by[name].url}`, ...flags];
      agents.set(name, await startAgent(children.get(name) ?? assert.fail(), own));
    }
    for (const name of names) {
      await eventually(
        async () => {
          const key = invited.get(name)?.key ?? assert.fail();
          const { spec, status } = await parent.client.get(managedClusters, key);
          const { predictorAddress, predictorDirectAccess, conditions } = status ?? {};
          assert.deepEqual(
            [
              predictorAddress,
              predictorDirectAccess,
              isTrue(conditions, 'Ready'),
              spec.taints ?? [],
            ],
            [by[name].url, flags.includes('--predictor-direct-access'), true, []],
          );
          return true;
        },
        { withinMs: 60_000, describe: `the parent knows the predictor of ${name}` },
      );
    }
  }

  /** Creates a Deployment of so many replicas and a Subscription that divides it; waits for what the Deployments in the children ask for. */
  async function divides(name: string, replicas: number, expected: ByChild<number>): Promise<void> {
    const labels = { app: name };
    const template = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { namespace: 'default', name },
      spec: {
        replicas,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          // Another question for each Deployment: the scheduler uses an answer for some seconds without asking again.
          spec: {
            nodeSelector: labels,
            containers: [{ name, image: 'registry.k8s.io/pause:3.10' }],
          },
        },
      },
    };
    await parent.client.create(manifests, {
      apiVersion: 'apps.clusternet.io/v1alpha1',
      kind: 'Manifest',
      metadata: { namespace: namespaces.reserved, name: `deployments.default.${name}` },
      template,
    });
    const key = { namespace: 'default', name };
    await parent.client.create(subscriptions, {
      apiVersion: 'apps.clusternet.io/v1alpha1',
      kind: 'Subscription',
      metadata: key,
      spec: {
        schedulingStrategy: 'Dividing',
        dividingScheduling: { type: 'Dynamic', dynamicDividing: { strategy: 'Spread' } },
        subscribers: [{ clusterAffinity: { matchLabels: { predictors: 'own' } } }],
        feeds: [{ apiVersion: 'apps/v1', kind: 'Deployment', ...key }],
      },
    });
    await eventually(
      async () => {
        const found = names.map(async child => {
          const deployment = await children.get(child)?.client.find(builtin.deployments, key);
          return [child, deployment?.spec?.replicas];
        });
        assert.deepEqual(Object.fromEntries(await Promise.all(found)), expected);
        return true;
      },
      { withinMs: 45_000, describe: `the replicas of ${name}` },
    ).catch(async error => {
      const { status } = await parent.client.get(subscriptions, key);
      const told = [hub, scheduler].flatMap(each => each.log().trim().split('\n'));
      const lines = told.filter(line => !line.includes('"log":"audit"')).slice(-40);
      throw new Error([error.message, JSON.stringify(status), ...lines].join('\n'));
    });
  }

  it('by one central predictor that the scheduler asks, which tells clusters apart by their ids', async () => {
    await predictBy({ a: central, b: central }, '--predictor-direct-access');
    await divides('central', 6, { a: 2, b: 4 });
  });

  it('by one in each child that the scheduler asks directly, over HTTPS and with a token', async () => {
    await predictBy(direct, '--predictor-direct-access');
    await divides('direct', 6, { a: 4, b: 2 });
  });

  it('by one in each child that its agent asks, through the tunnel', async () => {
    await predictBy(beside);
    await divides('tunnel', 3, { a: 3, b: 0 });
  });
});
