import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { descriptions } from '../api/apps/description.ts';
import { managedClusters } from '../api/clusters/managed-cluster.ts';
import { isTrue } from '../api/conditions.ts';
import { discoveredClusters } from '../api/discovery/discovered-cluster.ts';
import type { KubeObject } from '../api/kube-object.ts';
import { labels } from '../api/well-known.ts';
import { PodRunner } from '../hack/local/pod-runner/pod-runner.ts';
import { startTestCluster, type TestCluster } from '../hack/local/test-cluster.ts';
import { builtin } from '../kube/builtin.ts';
import { imageOf, renderPlainManifests } from '../manifests/render.ts';
import { createLogger } from '../reconcile/logger.ts';
import { eventually } from '../test/eventually.ts';
import { suiteSignal } from '../test/suite-signal.ts';
import { applyObjects } from './apply-objects.ts';

const namespace = 'clusternet-system';
const version = '0.1.0';
const entrypoint = join(import.meta.dirname, '../image/entrypoint.ts');
const example = join(import.meta.dirname, '../examples/hardware-selector');
const apps = 'apps.clusternet.io/v1alpha1';
const components = ['hub', 'scheduler', 'discovery', 'agent'];

describe('a parent with its components and nothing else', () => {
  const signal = suiteSignal(170_000);
  let cluster: TestCluster;
  let runner: PodRunner;
  const logs = () => join(cluster.controlPlane.directory, 'pod-logs');

  before(async () => {
    const gpu = 'feature.node.kubernetes.io/pci-10de.present';
    const nodes = [{ name: 'worker-1', labels: { [gpu]: 'true' } }];
    cluster = await startTestCluster({ name: 'parent', nodes }, signal);
    const repository = imageOf(version).replace(/:[^:]*$/, '');
    runner = new PodRunner({
      controlPlane: cluster.controlPlane,
      images: [{ repository, entrypoint: [process.execPath, entrypoint] }],
      logDirectory: logs(),
      logger: createLogger('pod-runner', { write: () => {} }),
    });
    await runner.start(signal);
    for (const text of renderPlainManifests(version).values()) {
      await applyObjects(cluster.client, parse(text), signal);
    }
  });

  after(async () => {
    await runner?.stop();
    await cluster?.[Symbol.asyncDispose]();
  });

  async function logOf(component: string): Promise<string> {
    const names = await readdir(logs(), { recursive: true });
    const own = names.filter(name => name.includes(`clusternet-${component}`));
    const files = await Promise.all(
      own.map(name => readFile(join(logs(), name), 'utf8').catch(() => '')),
    );
    return files.join('');
  }

  for (const component of components) {
    it(`runs the ${component} under its own account`, async () => {
      const key = { namespace, name: `clusternet-${component}` };
      await eventually(
        async () => {
          const { status } = await cluster.client.get(builtin.deployments, key, signal);
          return status?.availableReplicas === 1;
        },
        { withinMs: 60_000, describe: `Deployment ${key.name} is available` },
      ).catch(async error => assert.fail(`${error.message}\n${await logOf(component)}`));
    });
  }

  it('becomes a child of itself by its own rights, with the labels of its nodes reported', async () => {
    const reported = await eventually(
      async () => {
        const all = await cluster.client.listAll(managedClusters, {}, signal);
        return all.find(each => each.status?.nodeLabels !== undefined);
      },
      { withinMs: 60_000, describe: 'the parent reports as its own child' },
    );
    assert.equal(reported.metadata.name, 'parent');
    assert.equal(reported.metadata.labels?.[labels.discoverySource], 'self');
    assert.deepEqual(reported.status?.nodeLabels, {
      'feature.node.kubernetes.io/pci-10de.present': 'true',
    });
    const self = await cluster.client.get(discoveredClusters, { namespace, name: 'self' }, signal);
    assert.equal(self.spec.clusterID, reported.spec.clusterId);
  });

  it('is connected and says so in both places', async () => {
    const joined = await eventually(
      async () => {
        const key = { namespace, name: 'self' };
        const self = await cluster.client.get(discoveredClusters, key, signal);
        return self.status?.phase === 'Joined' ? self : undefined;
      },
      { withinMs: 60_000, describe: 'DiscoveredCluster self is Joined' },
    );
    const key = joined.status?.managedClusterRef ?? assert.fail('it names no ManagedCluster');
    await eventually(
      async () => {
        const { status, spec } = await cluster.client.get(managedClusters, key, signal);
        return isTrue(status?.conditions, 'Ready') && (spec.taints ?? []).length === 0;
      },
      { withinMs: 30_000, describe: 'the ManagedCluster is Ready and without taint' },
    );
  });

  it('gets an application by a label of its nodes', async () => {
    for (const file of ['manifests.yaml', 'subscription.yaml']) {
      await applyObjects(
        cluster.client,
        parse(await readFile(join(example, file), 'utf8')),
        signal,
      );
    }
    await eventually(
      () => {
        const key = { namespace: 'inference', name: 'model-server' };
        return cluster.client.find(builtin.deployments, key, signal);
      },
      { withinMs: 30_000, describe: 'the Deployment is in the parent' },
    );
  });

  it('is refused nothing on the way: the rights in the manifests are enough', async () => {
    for (const component of components) {
      const log = await logOf(component);
      assert.match(log, /"level":/, `the log of ${component} was found`);
      const refused = log.split('\n').filter(line => /forbidden|"code":403/i.test(line));
      assert.deepEqual(refused, [], component);
    }
  });

  it('applies no role to itself: a workload deployer may not, and says which rule is missing', async () => {
    const template = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'too-much' },
      rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }],
    };
    const key = { namespace: 'clusternet-reserved', name: 'clusterroles.too-much' };
    const manifest = { apiVersion: apps, kind: 'Manifest', metadata: key, template };
    const { apiVersion, kind, metadata } = template;
    const subscription = {
      apiVersion: apps,
      kind: 'Subscription',
      metadata: { namespace: 'default', name: 'too-much' },
      spec: {
        subscribers: [{ clusterAffinity: {} }],
        feeds: [{ apiVersion, kind, name: metadata.name }],
      },
    };
    await applyObjects(cluster.client, [manifest, subscription], signal);
    const failed = await eventually(
      async () => {
        const all = await cluster.client.listAll(descriptions, {}, signal);
        return all.find(({ status }) => status?.phase === 'Failure');
      },
      { withinMs: 30_000, describe: 'the Description fails' },
    );
    assert.match(JSON.stringify(failed.status), /Forbidden/);
    assert.match(JSON.stringify(failed.status), /clusterroles/);
    const none = await cluster.client.find(builtin.clusterRoles, { name: 'too-much' }, signal);
    assert.equal(none, undefined);
  });
});

function parse(text: string): readonly KubeObject[] {
  return parseAllDocuments(text).map(each => each.toJS() as KubeObject);
}
