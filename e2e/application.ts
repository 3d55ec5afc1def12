import { bases } from '../api/apps/base.ts';
import { type Description, descriptions } from '../api/apps/description.ts';
import { type Manifest, manifests } from '../api/apps/manifest.ts';
import { type Subscription, subscriptions } from '../api/apps/subscription.ts';
import type { DynamicObject } from '../api/kube-object.ts';
import { labels, namespaces } from '../api/well-known.ts';
import { builtin } from '../kube/builtin.ts';
import type { KubeClient } from '../kube/client.ts';
import { eventually } from '../test/eventually.ts';
import type { TestBed } from './test-bed.ts';

const apps = 'apps.clusternet.io/v1alpha1';

/** Something to deliver: a Namespace with a Deployment in it, both of the application's name, unless told other objects. */
export class Application {
  readonly name: string;
  readonly key: { readonly namespace: string; readonly name: string };
  readonly #bed: TestBed;
  readonly #objects: readonly DynamicObject[];

  constructor(bed: TestBed, name: string, objects = workload(name)) {
    this.#bed = bed;
    this.name = name;
    this.key = { namespace: 'default', name };
    this.#objects = objects;
  }

  /** Creates its Manifests and a Subscription for the clusters with these labels, by kubectl. */
  async deliver(matchLabels: Readonly<Record<string, string>>): Promise<void> {
    const subscription = {
      apiVersion: apps,
      kind: 'Subscription',
      metadata: this.key,
      spec: {
        subscribers: [{ clusterAffinity: { matchLabels } }],
        feeds: this.#objects.map(({ apiVersion, kind, metadata: { namespace, name } }) => ({
          apiVersion,
          kind,
          ...(namespace !== undefined && { namespace }),
          name,
        })),
      },
    };
    const items = [...this.#objects.map(template => this.#manifest(template)), subscription];
    const list = { apiVersion: 'v1', kind: 'List', items };
    await this.#bed.kubectl(['apply', '-f', '-'], { input: JSON.stringify(list) });
  }

  /** Changes which clusters the Subscription asks for. */
  async select(matchLabels: Readonly<Record<string, string>>): Promise<void> {
    const body = { spec: { subscribers: [{ clusterAffinity: { matchLabels } }] } };
    await (await this.#parent()).patch(subscriptions, this.key, { type: 'merge', body });
  }

  async subscription(): Promise<Subscription> {
    return (await this.#parent()).get(subscriptions, this.key);
  }

  /** Its Manifests, in the order of its objects. */
  async manifests(): Promise<readonly Manifest[]> {
    const parent = await this.#parent();
    return Promise.all(
      this.#objects.map(template => parent.get(manifests, this.#manifest(template).metadata)),
    );
  }

  /** What became of it in the namespaces of the clusters; empty when nothing is left. */
  async descriptions(): Promise<readonly Description[]> {
    const labelSelector = `${labels.subscriptionName}=${this.name}`;
    return (await this.#parent()).listAll(descriptions, { labelSelector });
  }

  /** Waits until it is bound to exactly these clusters and all of them have what it is now. */
  async settled(clusters: readonly string[], withinMs = 60_000): Promise<Subscription> {
    const members = await Promise.all(clusters.map(cluster => this.#bed.joined(cluster)));
    const expected = members.map(({ key }) => `${key.namespace}/${key.name}`).sort();
    return eventually(
      async () => {
        const found = await this.subscription();
        const { bindingClusters = [], completedReleases, conditions = [] } = found.status ?? {};
        const current = conditions.every(
          ({ observedGeneration = 0 }) => observedGeneration >= (found.metadata.generation ?? 0),
        );
        const done =
          current &&
          bindingClusters.join() === expected.join() &&
          completedReleases === expected.length;
        if (!done) throw new Error(JSON.stringify(found.status));
        return found;
      },
      { withinMs, describe: `${this.name} is in ${clusters.join(', ')}` },
    );
  }

  /** Waits until every replica of its Deployment is ready wherever it is, and the Subscription says so. */
  async available(withinMs = 60_000) {
    return eventually(
      async () => {
        const { status } = await this.subscription();
        const found = status?.aggregatedStatuses?.find(({ kind }) => kind === 'Deployment');
        const details = found?.feedStatusDetails ?? [];
        const ready = details.every(({ replicaStatus: { replicas = 0, readyReplicas } = {} }) => {
          return replicas > 0 && readyReplicas === replicas;
        });
        return found?.feedStatusSummary?.available && ready ? found : undefined;
      },
      { withinMs, describe: `${this.name} is available in all its clusters` },
    );
  }

  /** Its Deployment in a child, or undefined. */
  async deployment(cluster: string) {
    const client = await this.#bed.client(cluster);
    const template = this.#objects.find(({ kind }) => kind === 'Deployment');
    const { namespace, name } = template?.metadata ?? {};
    if (name === undefined) throw new Error(`${this.name} has no Deployment`);
    return client.find(builtin.deployments, { namespace, name });
  }

  /** Deletes the Subscription and waits until nothing of it is left in any cluster's namespace. */
  async withdraw(): Promise<void> {
    const parent = await this.#parent();
    await parent.delete(subscriptions, this.key);
    await eventually(
      async () => {
        const labelSelector = `${labels.subscriptionName}=${this.name}`;
        const left = [
          ...(await this.descriptions()),
          ...(await parent.listAll(bases, { labelSelector })),
        ];
        if (left.length > 0) throw new Error(left.map(({ kind }) => kind).join());
        return (await parent.find(subscriptions, this.key)) === undefined;
      },
      { withinMs: 60_000, describe: `${this.name} is withdrawn` },
    );
  }

  /** Withdraws it and deletes its Manifests; does nothing when it is not there. */
  async remove(): Promise<void> {
    await this.withdraw();
    const parent = await this.#parent();
    for (const template of this.#objects) {
      await parent.delete(manifests, this.#manifest(template).metadata);
    }
  }

  #parent(): Promise<KubeClient> {
    return this.#bed.client('parent');
  }

  #manifest(template: DynamicObject): Manifest & { readonly metadata: { readonly name: string } } {
    const { kind, metadata } = template;
    const parts = [`${kind.toLowerCase()}s`, metadata.namespace, metadata.name];
    const name = parts.filter(part => part !== undefined).join('.');
    const key = { namespace: namespaces.reserved, name };
    return { apiVersion: apps, kind: 'Manifest', metadata: key, template };
  }
}

function workload(name: string): readonly DynamicObject[] {
  const app = { app: name };
  const container = { name: 'server', image: 'registry.k8s.io/pause:3.10' };
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { namespace: name, name },
      spec: {
        replicas: 2,
        selector: { matchLabels: app },
        template: { metadata: { labels: app }, spec: { containers: [container] } },
      },
    },
  ];
}
