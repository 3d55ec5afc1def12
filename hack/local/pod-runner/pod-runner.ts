import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { builtin } from '../../../kube/builtin.ts';
import type { Service } from '../../../kube/builtin-kinds.ts';
import { Cache } from '../../../reconcile/cache.ts';
import type { Change, Informer } from '../../../reconcile/informer.ts';
import type { Logger } from '../../../reconcile/logger.ts';
import type { ControlPlane } from '../control-plane.ts';
import { ensureServingCertificate } from '../serving-certificate.ts';
import { slotPorts } from '../slot.ts';
import { bindKnownImages } from './binding-policy.ts';
import type { KnownImage } from './known-image.ts';
import { type LaunchSettings, logFileOf } from './launch-container.ts';
import { type Pod, pods } from './pod.ts';
import { type ContainerName, PodLogServer } from './pod-log-server.ts';
import { PodRun } from './pod-run.ts';
import { registerNode, renewNodeLease } from './runner-node.ts';
import { type Backend, ServiceSplices } from './service-splices.ts';

export interface PodRunnerOptions {
  /** Of the cluster; started. */
  readonly controlPlane: ControlPlane;
  readonly images: readonly KnownImage[];
  /** Logs are `<namespace>_<pod>_<container>.log` in it. Defaults to the control plane's directory/logs/pods. */
  readonly logDirectory?: string;
  /** Defaults to the control plane's directory/processes. */
  readonly recordDirectory?: string;
  readonly logger: Logger;
}

interface PlacedRun {
  readonly run: PodRun;
  /** Last number of its loopback address. */
  readonly host: number;
  readonly ended: Promise<void>;
}

// The runner's own place in the cluster's loopback network, as a kubelet's.
const nodeHost = 5;
const nodePort = 10250;
/** Addresses below are those of the control plane and of the node. */
const firstPodHost = 10;
const lastPodHost = 254;
const stopGraceMs = 5_000;

/**
 * Runs the pods of known images of one cluster as processes of this machine. To the cluster it is a node,
 * `<cluster>-runner`, with real pod status, probes, restarts and Service addresses.
 */
export class PodRunner implements AsyncDisposable {
  readonly nodeName: string;
  readonly #options: PodRunnerOptions;
  readonly #settings: LaunchSettings;
  readonly #splices: ServiceSplices;
  readonly #runs = new Map<string, PlacedRun>();
  readonly #hosts = new Set<number>();
  readonly #stop = new AbortController();
  #lease: Promise<void> = Promise.resolve();
  #services: Informer<Service> | undefined;
  #pods: Informer<Pod> | undefined;
  #logs: PodLogServer | undefined;

  constructor(options: PodRunnerOptions) {
    this.#options = options;
    this.#settings = launchSettings(options);
    this.nodeName = `${options.controlPlane.name}-runner`;
    this.#splices = new ServiceSplices(message => options.logger.warn(message));
  }

  /** Registers the node and returns when every new pod of a known image will run here. */
  async start(signal: AbortSignal): Promise<void> {
    const { images, logger, controlPlane } = this.#options;
    const { client, slot } = controlPlane;
    await this.#serveLogs();
    await registerNode(client, this.nodeName, slot.address(nodeHost), nodePort, signal);
    const log = (message: string) => logger.warn(message);
    this.#lease = renewNodeLease(client, this.nodeName, log, this.#stop.signal);
    await bindKnownImages(
      client,
      this.nodeName,
      images.map(({ repository }) => repository),
      signal,
    );
    const cache = new Cache(client, { logger });
    this.#services = cache.informer(builtin.services);
    this.#pods = cache.informer(pods, { fieldSelector: `spec.nodeName=${this.nodeName}` });
    cache.start(this.#stop.signal);
    await cache.synced();
    await this.#removeLeftovers(this.#pods.list());
    this.#services.onChange(() => this.#updateSplices());
    this.#pods.onChange(change => this.#podChanged(change));
  }

  /** Removes the files of pods that have gone while no runner was there. */
  async #removeLeftovers(present: readonly Pod[]): Promise<void> {
    const { directory } = this.#settings;
    const names = await readdir(directory).catch(() => []);
    const gone = names.filter(name => present.every(({ metadata }) => metadata.uid !== name));
    for (const name of gone) await rm(join(directory, name), { recursive: true, force: true });
  }

  /** Ends all processes of pods. The cluster still has the pods; the next runner starts them again. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#splices.close();
    for (const { run } of this.#runs.values()) run.stop(stopGraceMs);
    await Promise.all([...this.#runs.values()].map(({ ended }) => ended));
    await this.#lease;
    await this.#logs?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** What was changed in command lines, one sentence for each flag, for `npm run status`. */
  get notes(): string[] {
    return [...this.#runs.values()].flatMap(({ run }) =>
      run.notes.map(note => `${run.pod.metadata.namespace}/${run.pod.metadata.name}: ${note}`),
    );
  }

  async #serveLogs(): Promise<void> {
    const { directory, slot, caBundle } = this.#options.controlPlane;
    const address = slot.address(nodeHost);
    const identity = { commonName: this.nodeName, addresses: [address] };
    const certificate = await ensureServingCertificate(join(directory, 'pki/node'), identity);
    this.#logs = new PodLogServer({
      address,
      port: nodePort,
      certificate,
      // The API server's client certificate for kubelets is from the cluster's own CA.
      clientCa: caBundle,
      logFile: wanted => this.#logFile(wanted),
    });
    await this.#logs.listen();
  }

  #logFile({ namespace, pod, container }: ContainerName): string | undefined {
    const metadata = { namespace, name: pod };
    const known = this.#pods?.get(metadata);
    const has = known?.spec.containers.some(({ name }) => name === container);
    return has ? logFileOf(this.#settings, { metadata }, container) : undefined;
  }

  #podChanged({ type, object }: Change<Pod>): void {
    if (this.#stop.signal.aborted) return;
    const uid = object.metadata.uid ?? '';
    const known = this.#runs.get(uid);
    if (type === 'deleted') void this.#forget(uid);
    else if (known) known.run.update(object);
    else if (!isOver(object)) this.#runs.set(uid, this.#begin(object));
    this.#updateSplices();
  }

  /** A pod keeps its place until it is gone, lest a late event of one that has ended starts it again. */
  async #forget(uid: string): Promise<void> {
    const known = this.#runs.get(uid);
    known?.run.stop(0);
    await known?.ended;
    if (known) this.#hosts.delete(known.host);
    this.#runs.delete(uid);
  }

  #begin(pod: Pod): PlacedRun {
    const { controlPlane, logger } = this.#options;
    const { client, slot } = controlPlane;
    const host = this.#takeHost();
    const { namespace, name } = pod.metadata;
    const run = new PodRun(pod, {
      settings: this.#settings,
      client,
      hostIP: slot.address(nodeHost),
      podIP: `10.244.255.${host}`,
      address: slot.address(host),
      onChange: () => this.#updateSplices(),
      log: message => logger.info({ pod: `${namespace}/${name}` }, message),
      signal: this.#stop.signal,
    });
    const ended = run
      .run()
      .catch(error => logger.error({ pod: `${namespace}/${name}`, error }, 'the pod failed'))
      .then(() => this.#updateSplices());
    return { run, host, ended };
  }

  #takeHost(): number {
    for (let host = firstPodHost; host <= lastPodHost; host++) {
      if (this.#hosts.has(host)) continue;
      this.#hosts.add(host);
      return host;
    }
    throw new Error(`node ${this.nodeName} has no address left for another pod`);
  }

  #updateSplices(): void {
    if (this.#stop.signal.aborted) return;
    const backends = [...this.#runs.values()].map(({ run }) => backendOf(run));
    this.#splices.update(this.#services?.list() ?? [], backends);
  }
}

function launchSettings({ controlPlane, images, ...places }: PodRunnerOptions): LaunchSettings {
  const { name, slot, directory } = controlPlane;
  const { host, port } = slotPorts.apiServer;
  return {
    clusterName: name,
    images,
    apiServer: { host: slot.address(host), port },
    directory: join(directory, 'pods'),
    logDirectory: places.logDirectory ?? join(directory, 'logs/pods'),
    recordDirectory: places.recordDirectory ?? join(directory, 'processes'),
  };
}

function isOver({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

function backendOf(run: PodRun): Backend {
  return {
    namespace: run.pod.metadata.namespace ?? '',
    labels: run.pod.metadata.labels ?? {},
    ready: run.ready,
    endpoint: port => run.endpoint(port),
  };
}
