import { join } from 'node:path';
import { execa } from 'execa';
import { type DiscoveredCluster, discoveredClusters } from '../api/discovery/discovered-cluster.ts';
import type { KubeObject } from '../api/kube-object.ts';
import type { Resource } from '../api/resource.ts';
import { generateCluster } from '../hack/local/cluster-api/generate-cluster.ts';
import { localDirectory } from '../hack/local/local-directory.ts';
import { ensureTools } from '../hack/local/tools.ts';
import { reflect } from '../kube/reflector.ts';
import { Moments } from './moments.ts';
import { round, summarise } from './samples.ts';
import { openTestBed, report } from './test-bed.ts';

/**
 * Joins in series: from the moment a Cluster's control plane is initialized to the moment its DiscoveredCluster is Joined,
 * with the phases in between, in milliseconds. Each cluster is real and is deleted again.
 */
const joins = Number(process.argv[2] ?? 20);
const withinMs = 180_000;
interface CapiCluster extends KubeObject {
  readonly status?: { readonly initialization?: { readonly controlPlaneInitialized?: boolean } };
}
const clusters: Resource<CapiCluster> = {
  group: 'cluster.x-k8s.io',
  version: 'v1beta2',
  plural: 'clusters',
  kind: 'Cluster',
  namespaced: true,
};

const stop = new AbortController();
const directory = localDirectory();
const tools = await ensureTools(
  ['clusterctl', 'kubectl'],
  line => console.error(line),
  stop.signal,
);
await using bed = await openTestBed();
const moments = new Moments();
const watches = [
  follow(clusters, object =>
    object.status?.initialization?.controlPlaneInitialized ? 'Initialized' : 'Created',
  ),
  follow(discoveredClusters, (object: DiscoveredCluster) => object.status?.phase ?? 'New'),
];

const total: number[] = [];
const stages = new Map<string, number[]>();
for (let i = 0; i < joins; i++) {
  const name = `bench-join-${i}`;
  await createCluster(name);
  const initialized = await moments.when(`Cluster/${name}/Initialized`, withinMs);
  const joined = await moments.when(`DiscoveredCluster/${name}/Joined`, withinMs);
  total.push(joined - initialized);
  let last = initialized;
  for (const phase of ['Preparing', 'Bootstrapping', 'Joining', 'Joined']) {
    const at = moments.at(`DiscoveredCluster/${name}/${phase}`);
    if (at === undefined) continue;
    stages.getOrInsertComputed(`until${phase}`, () => []).push(round(Math.max(0, at - last)));
    last = Math.max(last, at);
  }
  await bed.parent.delete(clusters, { namespace: 'default', name });
  await moments.when(`Cluster/${name}/Gone`, withinMs);
}
stop.abort();
await Promise.allSettled(watches);
report('join', {
  joins,
  milliseconds: summarise(total),
  stages: Object.fromEntries([...stages].map(([name, samples]) => [name, summarise(samples)])),
});

/** `clusterctl generate cluster NAME | kubectl apply -f -`, as a user does it. */
async function createCluster(name: string): Promise<void> {
  const kubeconfig = directory.kubeconfig('parent');
  const config = join(directory.clusterctl, 'clusterctl.yaml');
  const clusterctl = { binary: tools.clusterctl, config, kubeconfig };
  const { manifests } = await generateCluster(clusterctl, { name, workers: 1 }, stop.signal);
  await execa(tools.kubectl, ['--kubeconfig', kubeconfig, 'apply', '-f', '-'], {
    input: manifests,
  });
}

/** Notes the first moment at which each object showed each state. */
function follow<T extends KubeObject>(
  resource: Resource<T>,
  stateOf: (object: T) => string,
): Promise<void> {
  const note = (object: T, state: string) =>
    moments.note(`${resource.kind}/${object.metadata.name}/${state}`);
  const sink = {
    upsert: (object: T) => note(object, stateOf(object)),
    remove: (object: T) => note(object, 'Gone'),
    startReplace: () => {},
    endReplace: () => {},
  };
  return reflect(bed.parent, resource, {}, sink, stop.signal);
}
