import type { TestBed } from './test-bed.ts';

/** Everything in the parent that any component of ours may write, but Leases. */
const writtenInParent = [
  'managedclusters',
  'clusterregistrationrequests',
  'subscriptions',
  'bases',
  'descriptions',
  'manifests',
  'discoveredclusters',
  'hubconnections',
  'clusterdiscoverypolicies',
  'namespaces',
  'serviceaccounts',
  'secrets',
  'configmaps',
  'clusterroles',
  'clusterrolebindings',
  'roles',
  'rolebindings',
];

/** What discovery and the agent may write in a child, but Leases. */
const writtenInChild = [
  'namespaces',
  'serviceaccounts',
  'secrets',
  'configmaps',
  'deployments',
  'clusterroles',
  'clusterrolebindings',
  'roles',
  'rolebindings',
  'customresourcedefinitions',
];

/** Objects by kind, namespace and name, each with its UID and resourceVersion: two are equal when nothing was written between them. */
export type Snapshot = Readonly<Record<string, string>>;

/** All objects of a cluster that our components could have touched, but Leases. */
export async function snapshot(bed: TestBed, cluster: string): Promise<Snapshot> {
  const kinds = cluster === 'parent' ? writtenInParent : writtenInChild;
  const fields = ['kind', 'metadata.namespace', 'metadata.name', 'metadata.uid'];
  const columns = [...fields, 'metadata.resourceVersion'].map(field => `{.${field}}`).join(' ');
  const output = `jsonpath={range .items[*]}${columns}{"\\n"}{end}`;
  const kubeconfig = bed.directory.kubeconfig(cluster);
  const text = await bed.kubectl(['get', kinds.join(), '-A', '-o', output], { kubeconfig });
  const entries = text.split('\n').flatMap(line => {
    const [kind, namespace, name, uid, version] = line.split(' ');
    return kind ? [[`${kind} ${namespace}/${name}`, `${uid} ${version}`] as const] : [];
  });
  return Object.fromEntries(entries);
}

/** Snapshots of several clusters, keyed by cluster and object. */
export async function snapshots(bed: TestBed, clusters: readonly string[]): Promise<Snapshot> {
  const all = await Promise.all(
    clusters.map(async cluster => {
      const objects = Object.entries(await snapshot(bed, cluster));
      return objects.map(([key, value]) => [`${cluster}: ${key}`, value] as const);
    }),
  );
  return Object.fromEntries(all.flat());
}
