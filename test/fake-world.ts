import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import {
  type ClusterRegistrationRequest,
  clusterRegistrationRequests,
} from '../api/clusters/cluster-registration-request.ts';
import { type ManagedCluster, managedClusters } from '../api/clusters/managed-cluster.ts';
import {
  type ClusterDiscoveryPolicySpec,
  clusterDiscoveryPolicies,
} from '../api/discovery/cluster-discovery-policy.ts';
import { type DiscoveredCluster, discoveredClusters } from '../api/discovery/discovered-cluster.ts';
import { hubConnections } from '../api/discovery/hub-connection.ts';
import type { DynamicObject } from '../api/kube-object.ts';
import type { Resource } from '../api/resource.ts';
import { annotations, namesFor, namespaces } from '../api/well-known.ts';
import { capiNames } from '../discovery/capi/cluster.ts';
import { createDiscovery } from '../discovery/controllers.ts';
import { Child } from '../discovery/join/child.ts';
import { builtin } from '../kube/builtin.ts';
import { KubeClient } from '../kube/client.ts';
import { accessWithToken } from '../kube/token-access.ts';
import { runController } from '../reconcile/controller.ts';
import { createLogger } from '../reconcile/logger.ts';
import { createRuntime } from '../reconcile/runtime.ts';
import { eventually } from './eventually.ts';
import { type FakeApiServer, startFakeApiServer } from './fake-api-server.ts';

export const clusters: Resource<DynamicObject> = {
  group: capiNames.group,
  version: 'v1beta2',
  plural: 'clusters',
  kind: 'Cluster',
  namespaced: true,
};

/** A CA as objects hold it. */
export const pem = Buffer.from('-----BEGIN CERTIFICATE-----\n').toString('base64');

/** A kubeconfig as Cluster API writes it; the test decides where it really leads. */
export function kubeconfig(server: string, user: object = { token: 'secret-token' }): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'admin@child',
    contexts: [{ name: 'admin@child', context: { cluster: 'child', user: 'admin' } }],
    clusters: [{ name: 'child', cluster: { server, 'certificate-authority-data': pem } }],
    users: [{ name: 'admin', user }],
  });
}

/** As eventually, with patience for a machine on which many tests run. */
export function soon<T>(check: () => T): Promise<Exclude<T, undefined | false>> {
  return eventually(check, { withinMs: 10_000 });
}

/** A parent and its children as API servers in memory, with discovery at work in the parent and a stand-in for the hub's answers. */
export class FakeWorld implements AsyncDisposable {
  readonly parent: FakeApiServer;
  readonly #children = new Map<string, FakeApiServer>();
  readonly #servers = new Set<FakeApiServer>();
  #process: { readonly stop: AbortController; readonly ended: Promise<unknown> } | undefined;
  /** What the hub answers to registrations; undefined leaves them pending. */
  answer: 'Approved' | 'Denied' | undefined = 'Approved';

  private constructor(parent: FakeApiServer) {
    this.parent = parent;
  }

  static async start(policy: ClusterDiscoveryPolicySpec = {}): Promise<FakeWorld> {
    const world = new FakeWorld(await startFakeApiServer());
    const { objects } = world.parent;
    world.installCapi(['v1beta2']);
    objects.put(builtin.namespaces, { metadata: { name: 'team' } });
    objects.put(clusterDiscoveryPolicies, { metadata: { name: 'default' }, spec: policy });
    objects.put(hubConnections, {
      metadata: { name: 'default' },
      spec: { server: 'https://parent.test:6443', caBundle: pem, joinSelf: false },
    });
    objects.listen(event => world.#playHub(event.object));
    return world;
  }

  /** Starts discovery, as after a restart of its container when it ran before. */
  async discover(options: Partial<Parameters<typeof createDiscovery>[1]> = {}): Promise<void> {
    await this.#stopDiscovery();
    const runtime = createRuntime({
      access: this.parent.access(),
      component: 'clusternet-discovery',
      instance: 'test',
      metrics: new Registry(),
      logger: createLogger('test', { write: () => {} }),
    });
    const { clusters: watch, controllers } = createDiscovery(runtime, {
      namespace: namespaces.system,
      watchNamespace: undefined,
      watchFilter: undefined,
      concurrency: 4,
      parentURL: undefined,
      selfName: 'parent',
      nodeLabelPrefixes: ['node.clusternet.io/', 'feature.node.kubernetes.io/'],
      agentImage: 'example.test/clusternet:v1',
      openChild: ({ server }) => this.#open(server),
      ...options,
    });
    const stop = new AbortController();
    runtime.cache.start(stop.signal);
    const working = Promise.all([
      watch.run(stop.signal),
      ...controllers.map(controller => runController(controller, runtime, stop.signal)),
    ]);
    const ended = working.then(() => runtime.cache.stopped()).then(() => runtime.events.flush());
    this.#process = { stop, ended };
  }

  async #stopDiscovery(): Promise<void> {
    this.#process?.stop.abort();
    await this.#process?.ended;
  }

  installCapi(served: readonly string[]): void {
    this.parent.objects.put(builtin.customResourceDefinitions, {
      metadata: { name: capiNames.crd },
      spec: { versions: served.map(name => ({ name, served: true, storage: true })) },
    });
  }

  /** A Cluster whose control plane is up, with its kubeconfig Secret and an API server behind it. */
  async createCluster(
    name: string,
    options: { namespace?: string; labels?: object; child?: FakeApiServer } = {},
  ): Promise<FakeApiServer> {
    const { namespace = 'team', labels = {} } = options;
    const child = options.child ?? (await startFakeApiServer());
    const server = `https://${name}.${namespace}.test:6443`;
    this.#children.set(new URL(server).host, child);
    this.#servers.add(child);
    this.putSecret(name, kubeconfig(server), namespace);
    this.putCluster(name, { namespace, labels });
    return child;
  }

  /** Stores a Cluster whole, as Cluster API would. */
  putCluster(
    name: string,
    options: {
      namespace?: string;
      labels?: object;
      metadata?: object;
      spec?: object;
      status?: object;
    } = {},
  ): DynamicObject {
    const { namespace = 'team', labels = {}, metadata, spec = {} } = options;
    const status = options.status ?? { initialization: { controlPlaneInitialized: true } };
    return this.parent.objects.put(clusters, {
      metadata: { namespace, name, labels, ...metadata },
      spec,
      status,
    });
  }

  putSecret(name: string, value: string, namespace = 'team'): void {
    this.parent.objects.put(builtin.secrets, {
      metadata: {
        namespace,
        name: `${name}-kubeconfig`,
        labels: { [capiNames.clusterNameLabel]: name },
      },
      type: capiNames.secretType,
      data: { value: Buffer.from(value).toString('base64') },
    });
  }

  discovered(name: string, namespace = 'team'): DiscoveredCluster | undefined {
    return this.parent.objects.get(discoveredClusters, { namespace, name });
  }

  managed(name: string, namespace = 'team'): ManagedCluster | undefined {
    const id = this.discovered(name, namespace)?.spec.clusterID;
    return this.parent.objects.list(managedClusters).find(({ spec }) => spec.clusterId === id);
  }

  /** Waits until the phase of a cluster is this; fails telling how far it is instead. */
  async untilPhase(name: string, phase: string, namespace = 'team'): Promise<DiscoveredCluster> {
    return soon(() => {
      const found = this.discovered(name, namespace);
      if (found?.status?.phase === phase) return found;
      throw new Error(JSON.stringify(found?.status ?? 'no DiscoveredCluster'));
    });
  }

  async untilReason(name: string, type: string, reason: string, namespace = 'team') {
    return soon(() => {
      const found = this.discovered(name, namespace)?.status?.conditions ?? [];
      const condition = found.find(each => each.type === type);
      if (condition?.reason === reason) return condition;
      throw new Error(JSON.stringify(found));
    });
  }

  /** Waits until a condition of the default policy has this reason. */
  async untilPolicy(type: string, reason: string) {
    return soon(() => {
      const policy = this.parent.objects.get(clusterDiscoveryPolicies, { name: 'default' });
      const condition = policy?.status?.conditions?.find(each => each.type === type);
      if (condition?.reason === reason) return condition;
      throw new Error(JSON.stringify(policy?.status ?? 'no status'));
    });
  }

  /** Plays the agent: the parent sees the cluster connected, or lost. */
  setConnected(name: string, connected: boolean, namespace = 'team'): void {
    const managed = this.managed(name, namespace);
    const condition = {
      type: 'Ready',
      status: connected ? 'True' : 'Unknown',
      reason: 'Test',
      message: '',
      lastTransitionTime: new Date().toISOString(),
    };
    this.parent.objects.put(managedClusters, {
      ...managed,
      status: { ...managed?.status, agentVersion: 'v1', conditions: [condition] },
    });
  }

  /** What discovery wrote into a child, as `METHOD kind name`. */
  static writesTo(child: FakeApiServer): string[] {
    return child
      .writes()
      .map(({ method, path }) => `${method} ${path.split('/').slice(-2).join(' ')}`);
  }

  /** Whether any event about a cluster has this reason. */
  hasEvent(reason: string, name: string): boolean {
    return this.parent.objects
      .list(builtin.events)
      .some(event => event.reason === reason && event.regarding?.name === name);
  }

  /** A cluster all the way in. */
  async join(name: string, options: Parameters<FakeWorld['createCluster']>[1] = {}) {
    const child = await this.createCluster(name, options);
    await this.untilPhase(name, 'Joining', options.namespace);
    this.setConnected(name, true, options.namespace);
    await this.untilPhase(name, 'Joined', options.namespace);
    return child;
  }

  /** Plays Cluster API removing its last finalizer, and Kubernetes collecting what the Cluster owned. */
  collectGarbage(name: string, namespace = 'team'): void {
    const key = { namespace, name };
    this.parent.objects.remove(clusters, key);
    const { group, version, plural } = discoveredClusters;
    const target = { group, version, plural, ...key };
    if (this.discovered(name, namespace)) this.parent.objects.delete(target);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stopDiscovery();
    await Promise.all([...this.#servers, this.parent].map(server => server.close()));
  }

  #open(server: string): Child {
    const child = this.#children.get(new URL(server).host);
    const nowhere = { server: 'http://127.0.0.1:1', token: '' };
    return new Child(new KubeClient(child?.access() ?? accessWithToken(nowhere)));
  }

  /** What the hub does, as far as discovery can see it. */
  #playHub(object: DynamicObject): void {
    if (object.kind === 'ClusterRegistrationRequest')
      this.#answerRequest(object as unknown as ClusterRegistrationRequest);
    if (object.kind === 'ManagedCluster' && object.metadata.annotations?.[annotations.leave])
      this.#dismiss(object as unknown as ManagedCluster);
  }

  #answerRequest(request: ClusterRegistrationRequest): void {
    if (request.status?.result !== undefined || this.answer === undefined) return;
    const { objects } = this.parent;
    const { clusterId, clusterName = 'unnamed', clusterLabels = {} } = request.spec;
    const namespace = namesFor.dedicatedNamespace(clusterId);
    if (this.answer === 'Denied') {
      const status = { result: 'Denied', errorMessage: 'not here' };
      objects.put(clusterRegistrationRequests, { ...request, status });
      return;
    }
    const expires = new Date(Date.now() + 600_000).toISOString();
    this.parent.answer(
      'POST',
      `/api/v1/namespaces/${namespace}/serviceaccounts/clusternet-bootstrap/token`,
      () => ({ status: { token: `bootstrap-${randomUUID()}`, expirationTimestamp: expires } }),
    );
    objects.put(managedClusters, {
      metadata: { namespace, name: clusterName, labels: clusterLabels },
      spec: { clusterId, syncMode: 'Pull' },
    });
    objects.put(clusterRegistrationRequests, {
      ...request,
      status: {
        result: 'Approved',
        dedicatedNamespace: namespace,
        managedClusterName: clusterName,
      },
    });
  }

  #dismiss({ metadata, spec }: ManagedCluster): void {
    const { objects } = this.parent;
    objects.remove(clusterRegistrationRequests, {
      name: namesFor.registrationRequest(spec.clusterId),
    });
    objects.remove(managedClusters, metadata);
  }
}
