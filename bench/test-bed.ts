import { readdir, readFile } from 'node:fs/promises';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { type ManagedCluster, managedClusters } from '../api/clusters/managed-cluster.ts';
import { localDirectory } from '../hack/local/local-directory.ts';
import { KubeClient } from '../kube/client.ts';
import { accessFromKubeconfig } from '../kube/kubeconfig-access.ts';

const directory = localDirectory();

/** A child of the running test bed: its own API server, and its record in the parent. */
export interface Child {
  readonly name: string;
  readonly id: string;
  readonly client: KubeClient;
  readonly record: ManagedCluster;
}

/** The clusters that `npm run up -- --clusters N` keeps running, with administrators' clients. */
export interface TestBed extends AsyncDisposable {
  readonly parent: KubeClient;
  readonly children: readonly Child[];
}

/** Opens the running test bed; throws with the command to start one when there is none. */
export async function openTestBed(): Promise<TestBed> {
  const files = await readdir(dirname(directory.kubeconfig('parent'))).catch((): string[] => []);
  if (!files.includes('parent.yaml')) {
    throw new Error('no clusters are running: start them with npm run up -- --clusters 3');
  }
  const parent = await clientOf('parent');
  const children: Child[] = [];
  for (const record of await parent.listAll(managedClusters)) {
    const name = record.metadata.name ?? '';
    if (name === 'parent' || !files.includes(`${name}.yaml`)) continue;
    children.push({ name, id: record.spec.clusterId, client: await clientOf(name), record });
  }
  return {
    parent,
    children,
    async [Symbol.asyncDispose]() {
      await Promise.all(
        [parent, ...children.map(child => child.client)].map(c => c.access.close()),
      );
    },
  };
}

/** What a reader must know about the machine to read the figures; load is the one-minute average before the run. */
export function machine() {
  const [processor] = cpus();
  return {
    cores: cpus().length,
    processor: processor?.model ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    load: loadavg()[0],
  };
}

/** Prints a benchmark's result as JSON on standard output. */
export function report(benchmark: string, result: object): void {
  console.log(JSON.stringify({ benchmark, machine: machine(), ...result }, null, 2));
}

async function clientOf(name: string): Promise<KubeClient> {
  const text = await readFile(directory.kubeconfig(name), 'utf8');
  return new KubeClient(await accessFromKubeconfig({ text }));
}
