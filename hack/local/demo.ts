import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { stringify } from 'yaml';
import { DemoShell } from './demo-shell.ts';
import { ensureTools } from './tools.ts';

/** The main road from the first command to the last, on real clusters, one printed command after the other. */
const root = join(import.meta.dirname, '../..');
const local = join(root, '.local');
const parentKubeconfig = '.local/kubeconfigs/parent.yaml';
const gpu = 'feature.node.kubernetes.io/pci-10de.present';
const clusters = [
  { name: 'berlin', labels: { [gpu]: 'true' } },
  { name: 'munich', labels: { [gpu]: 'true' } },
  { name: 'hamburg', labels: { 'feature.node.kubernetes.io/cpu-cpuid.AVX512F': 'true' } },
];

const stop = new AbortController();
process.once('SIGINT', () => stop.abort(new Error('interrupted')));
process.chdir(root);

const tools = await ensureTools('all', console.log, stop.signal);
const shell = new DemoShell(
  { ...tools, node: process.execPath },
  {
    KUBECONFIG: parentKubeconfig,
    CLUSTERCTL_DISABLE_VERSIONCHECK: 'true',
    XDG_CONFIG_HOME: join(local, 'clusterctl/home'),
  },
  stop.signal,
);
const kubectl = (...args: string[]) => shell.run('kubectl', args);

await startParent();
await createClusters();
await showLabels();
await deliverApplication();
await reachChild();
await deleteCluster();
console.log(`
That was the main road. The clusters keep running, so look around:

  export KUBECONFIG=${parentKubeconfig}
  kubectl get clusters,dcl,mcls -A

npm run down ends them and removes everything but the caches.`);

async function startParent(): Promise<void> {
  shell.chapter(
    '1. A parent',
    'A real control plane, with Cluster API, a local infrastructure provider and Clusternet put in by clusterctl.',
  );
  await shell.run('node', ['hack/local/up.ts'], { shown: 'npm run up' });
  await kubectl('get', 'providers.clusterctl.cluster.x-k8s.io', '-A');
  await kubectl('get', 'apiservice', 'v1alpha1.proxies.clusternet.io');
}

async function createClusters(): Promise<void> {
  shell.chapter(
    '2. Three clusters',
    'Each is a control plane of its own with two workers. Nobody copies a token or a kubeconfig: they join by themselves.',
  );
  for (const { name, labels } of clusters) {
    await shell.pipe(
      {
        program: 'clusterctl',
        args: [
          'generate',
          'cluster',
          name,
          '--infrastructure',
          'local',
          '--worker-machine-count',
          '2',
          '--config',
          '.local/clusterctl/clusterctl.yaml',
        ],
        env: { NODE_LABELS: stringify(labels, { collectionStyle: 'flow' }).trim() },
      },
      { program: 'kubectl', args: ['apply', '-f', '-'] },
    );
  }
  const names = clusters.map(({ name }) => `dcl/${name}`);
  await kubectl('wait', '--for=create', ...names, '--timeout=60s');
  await kubectl(
    'wait',
    '--for=jsonpath={.status.phase}=Joined',
    'dcl',
    '-A',
    '--all',
    '--timeout=180s',
  );
  await kubectl('get', 'clusters,dcl', '-A');
}

async function showLabels(): Promise<void> {
  shell.chapter(
    '3. Labelled',
    "By their nodes' features and by their Cluster API origin; the parent is a child of itself.",
  );
  await kubectl('wait', '--for=condition=Ready', 'mcls', '-A', '--all', '--timeout=60s');
  await kubectl(
    'get',
    'mcls',
    '-A',
    '-L',
    `${gpu},capi.clusternet.io/cluster,discovery.clusternet.io/source`,
  );
}

async function deliverApplication(): Promise<void> {
  shell.chapter(
    '4. An application by hardware',
    'A Subscription selects the clusters with an NVIDIA device; it lands there, nowhere else, and its status comes back.',
  );
  await kubectl('apply', '-f', 'examples/hardware-selector');
  await kubectl(
    'wait',
    '--for=jsonpath={.status.completedReleases}=2',
    'subscription/model-server',
    '--timeout=60s',
  );
  await kubectl(
    'get',
    'subscription',
    'model-server',
    '-o',
    'custom-columns=NAME:.metadata.name,CLUSTERS:.status.bindingClusters,DONE:.status.completedReleases,AVAILABLE:.status.aggregatedStatuses[*].feedStatusSummary.available',
  );
  for (const { name } of clusters) {
    await kubectl(
      '--kubeconfig',
      `.local/kubeconfigs/${name}.yaml`,
      'get',
      'deployments',
      '-A',
      '-l',
      'app=model-server',
    );
  }
}

async function reachChild(): Promise<void> {
  shell.chapter(
    '5. kubectl through the parent',
    'A kubeconfig in the shape Clusternet documents: the parent by its own credential, the child by a token of the child.',
  );
  const through = await writeKubeconfigThroughParent('berlin');
  await kubectl('--kubeconfig', through, 'get', 'nodes');
  await shell.watch(
    'kubectl',
    ['--kubeconfig', through, 'get', 'deployments', '-n', 'inference', '--watch'],
    async () => {
      await kubectl(
        'patch',
        'manifest',
        '-n',
        'clusternet-reserved',
        'deployments.inference.model-server',
        '--type=merge',
        '-p',
        '{"template":{"spec":{"replicas":3}}}',
      );
    },
    lines => lines.some(line => /\s3\/3\s/.test(line)),
  );
}

async function deleteCluster(): Promise<void> {
  shell.chapter(
    '6. Good-bye',
    'Deleting a Cluster signs it off: its ManagedCluster, namespace and credentials go, nothing else.',
  );
  await kubectl('delete', 'cluster', 'hamburg', '--timeout=60s');
  await kubectl(
    'wait',
    '--for=delete',
    'mcls',
    '-A',
    '-l',
    'capi.clusternet.io/cluster=hamburg',
    '--timeout=30s',
  );
  await kubectl('get', 'clusters,dcl,mcls', '-A');
}

/** A kubeconfig for one child: the administrator's credential for the parent, a fresh token of the child for the child. */
async function writeKubeconfigThroughParent(name: string): Promise<string> {
  const child = `.local/kubeconfigs/${name}.yaml`;
  const id = await shell.run('kubectl', ['get', 'dcl', name, '-o', 'jsonpath={.spec.clusterID}'], {
    quiet: true,
  });
  await kubectl('--kubeconfig', child, 'apply', '-f', 'examples/child-access');
  const token = await shell.run(
    'kubectl',
    ['--kubeconfig', child, 'create', 'token', 'demo', '-n', 'default'],
    { quiet: true },
  );
  const parent = JSON.parse(
    await shell.run('kubectl', ['config', 'view', '--raw', '--minify', '-o', 'json'], {
      quiet: true,
    }),
  );
  const [cluster] = parent.clusters;
  const [user] = parent.users;
  cluster.cluster.server += `/apis/proxies.clusternet.io/v1alpha1/sockets/${id}/proxy/direct`;
  Object.assign(user.user, { as: 'clusternet', 'as-user-extra': { 'clusternet-token': [token] } });
  const path = `.local/kubeconfigs/${name}-through-parent.yaml`;
  await writeFile(path, stringify(parent), { mode: 0o600 });
  return path;
}
