import { rmSync } from 'node:fs';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa, execaSync } from 'execa';
import { managedClusters } from '../api/clusters/managed-cluster.ts';
import { isTrue } from '../api/conditions.ts';
import { discoveredClusters } from '../api/discovery/discovered-cluster.ts';
import type { Clusterctl } from '../hack/local/cluster-api/clusterctl.ts';
import { generateCluster } from '../hack/local/cluster-api/generate-cluster.ts';
import { type LocalDirectory, localDirectory } from '../hack/local/local-directory.ts';
import { ensureTools, type Tools } from '../hack/local/tools.ts';
import { KubeClient, type ObjectKey } from '../kube/client.ts';
import { accessFromKubeconfig } from '../kube/kubeconfig-access.ts';
import { eventually } from '../test/eventually.ts';

/** What Node Feature Discovery puts on nodes with an NVIDIA device. */
export const gpu = 'feature.node.kubernetes.io/pci-10de.present';

/** The children, and the labels of their nodes. */
export const children = {
  berlin: { [gpu]: 'true' },
  munich: { [gpu]: 'true' },
  hamburg: { 'feature.node.kubernetes.io/cpu-cpuid.AVX512F': 'true' },
} as const;

export type Child = keyof typeof children;
export const childNames = Object.keys(children) as readonly Child[];

/** How a cluster is known in the parent. */
export interface Membership {
  readonly id: string;
  readonly key: ObjectKey & { readonly namespace: string };
}

/** The whole system, as `npm run up` and clusterctl bring it up, everything real: a parent, and children that joined it. */
export class TestBed {
  readonly directory: LocalDirectory;
  readonly tools: Tools;
  readonly #clients = new Map<string, KubeClient>();

  constructor(directory: LocalDirectory, tools: Tools) {
    this.directory = directory;
    this.tools = tools;
  }

  /** A client of the parent or a child with its administrator's rights. */
  async client(cluster: string): Promise<KubeClient> {
    const known = this.#clients.get(cluster);
    if (known !== undefined) return known;
    const path = this.directory.kubeconfig(cluster);
    const client = new KubeClient(await accessFromKubeconfig({ path }));
    this.#clients.set(cluster, client);
    return client;
  }

  /** Runs kubectl at the root of the project as the administrator of the parent, unless told another kubeconfig; returns what it printed. */
  async kubectl(
    args: readonly string[],
    options: { readonly kubeconfig?: string; readonly input?: string } = {},
  ): Promise<string> {
    const { kubeconfig = this.directory.kubeconfig('parent'), input } = options;
    const { stdout } = await execa(this.tools.kubectl, ['--kubeconfig', kubeconfig, ...args], {
      cwd: join(import.meta.dirname, '..'),
      ...(input === undefined ? { stdin: 'ignore' } : { input }),
    });
    return stdout;
  }

  /** Creates a Cluster the way a user does, and does not wait for anything. */
  async createCluster(name: string, nodeLabels: Readonly<Record<string, string>>): Promise<void> {
    const clusterctl: Clusterctl = {
      binary: this.tools.clusterctl,
      config: join(this.directory.clusterctl, 'clusterctl.yaml'),
      kubeconfig: this.directory.kubeconfig('parent'),
    };
    const request = { name, nodeLabels, workers: 2 };
    const { manifests } = await generateCluster(clusterctl, request, AbortSignal.timeout(60_000));
    await this.kubectl(['apply', '-f', '-'], { input: manifests });
  }

  /** Waits until the cluster has joined and takes placements; `parent` is the parent as its own child. */
  async joined(cluster: string, withinMs = 180_000): Promise<Membership> {
    const parent = await this.client('parent');
    const [namespace, name] =
      cluster === 'parent' ? ['clusternet-system', 'self'] : ['default', cluster];
    return eventually(
      async () => {
        const found = await parent.get(discoveredClusters, { namespace, name });
        const { managedClusterRef: key, phase } = found.status ?? {};
        const id = found.spec.clusterID;
        if (phase !== 'Joined' || !key || !id) throw new Error(JSON.stringify(found.status));
        const { spec, status } = await parent.get(managedClusters, key);
        if (!isTrue(status?.conditions, 'Ready') || spec.taints?.length) {
          throw new Error(JSON.stringify({ taints: spec.taints, conditions: status?.conditions }));
        }
        return { id, key };
      },
      { withinMs, describe: `${cluster} has joined` },
    );
  }

  /** The ends of the logs of all our components, for the report of a failure. */
  async logTails(lines = 12): Promise<string> {
    const names = await readdir(this.directory.logs, { recursive: true }).catch(() => []);
    const ours = names.filter(name => /clusternet-[^/]*\.log$|supervisor\.log$/.test(name));
    const tails = ours.sort().map(async name => {
      const text = await readFile(join(this.directory.logs, name), 'utf8').catch(() => '');
      const clipped = (line: string) => line.slice(0, 500);
      const told = text.split('\n').filter(line => line !== '' && !line.includes('"log":"audit"'));
      return `--- ${name}\n${told.slice(-lines).map(clipped).join('\n')}`;
    });
    return (await Promise.all(tails)).join('\n');
  }

  async close(): Promise<void> {
    await Promise.all([...this.#clients.values()].map(({ access }) => access.close()));
  }
}

/** A test bed that is there already or is to be kept, in this directory; for working on the tests themselves. */
const kept = process.env.CLUSTERNET_TEST_BED || undefined;
let shared: Promise<TestBed> | undefined;
let root: string | undefined;

/**
 * To be called in a `describe`: boots the test bed before its tests, once for all that ask for it, and shows the logs when a
 * test fails. The function it returns gives the test bed to tests and hooks.
 */
export function useTestBed(): () => TestBed {
  let bed: TestBed | undefined;
  before(async function () {
    this.timeout(600_000);
    shared ??= boot();
    bed = await shared;
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') process.stderr.write(`${await bed?.logTails()}\n`);
  });
  return () => {
    if (bed === undefined) throw new Error('the test bed is there only in tests and hooks');
    return bed;
  };
}

// At the root of the suite: after the last test of the last file that uses the test bed.
after(async function () {
  this.timeout(120_000);
  await (await shared?.catch(() => undefined))?.close();
  tearDown();
});

async function boot(): Promise<TestBed> {
  root = kept ?? (await mkdtemp(join(tmpdir(), 'clusternet-bed-')));
  // An interrupted mocha runs no hook.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      tearDown();
      process.kill(process.pid, signal);
    });
  }
  const directory = localDirectory(join(root, 'bed'));
  await execa(...commandFor('up', directory));
  const tools = await ensureTools('all', () => {}, AbortSignal.timeout(60_000));
  const bed = new TestBed(directory, tools);
  try {
    const parent = await bed.client('parent');
    for (const name of childNames) {
      const known = await parent.find(discoveredClusters, { namespace: 'default', name });
      if (known === undefined) await bed.createCluster(name, children[name]);
    }
    for (const name of ['parent', ...childNames]) await bed.joined(name);
    return bed;
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${await bed.logTails()}`, { cause: error });
  }
}

function tearDown(): void {
  if (root === undefined || kept !== undefined) return;
  execaSync(...commandFor('down', localDirectory(join(root, 'bed'))));
  rmSync(root, { recursive: true });
  root = undefined;
}

/** `npm run up` or `npm run down` for the test bed; what it printed is in the error when it fails. */
function commandFor(command: 'up' | 'down', directory: LocalDirectory) {
  const script = join(import.meta.dirname, `../hack/local/${command}.ts`);
  const env = { CLUSTERNET_LOCAL_DIR: directory.root };
  return [process.execPath, [script], { env, stdin: 'ignore', all: true }] as const;
}
