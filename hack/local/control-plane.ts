import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { builtin } from '../../kube/builtin.ts';
import type { KubeClient } from '../../kube/client.ts';
import { administratorOf, isReady } from './administrator.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { type CertificateFiles, ensureCertificates, readPem } from './certificates.ts';
import {
  apiServerArguments,
  controllerManagerArguments,
  etcdArguments,
  type FlagOverrides,
  goEnvironment,
} from './control-plane-flags.ts';
import { formatKubeconfig } from './kubeconfig.ts';
import type { LocalProcess } from './local-process.ts';
import { ProcessGroup } from './process-group.ts';
import type { Report } from './report.ts';
import { type Slot, slotPorts } from './slot.ts';
import type { Tools } from './tools.ts';

/** Where a control plane lives and how it differs from the usual one. */
export interface ControlPlaneOptions {
  readonly name: string;
  readonly slot: Slot;
  /** Everything of it is below this directory, data and certificates included. */
  readonly directory: string;
  readonly tools: Pick<Tools, 'etcd' | 'kube-apiserver' | 'kube-controller-manager'>;
  readonly flags?: FlagOverrides;
  /** Defaults to `directory`/logs. */
  readonly logDirectory?: string;
  /** Defaults to `directory`/processes. */
  readonly recordDirectory?: string;
  /** How long it may take to become ready; 120 s by default. */
  readonly readyWithinMs?: number;
}

/** One real Kubernetes control plane on loopback: etcd, kube-apiserver and kube-controller-manager as processes. */
export class ControlPlane implements AsyncDisposable {
  readonly name: string;
  readonly slot: Slot;
  readonly directory: string;
  /** Base URL of the API server. */
  readonly server: string;
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfigPath: string;
  readonly #options: ControlPlaneOptions;
  readonly #processes = new ProcessGroup();
  #certificates: CertificateFiles | undefined;
  #client: KubeClient | undefined;
  #caBundle = '';
  #version = '';

  constructor(options: ControlPlaneOptions) {
    this.#options = options;
    this.name = options.name;
    this.slot = options.slot;
    this.directory = options.directory;
    this.server = `https://${options.slot.endpoint('apiServer')}`;
    this.kubeconfigPath = join(options.directory, 'kubeconfig.yaml');
  }

  /** The cluster's CA as PEM; empty before `start`. */
  get caBundle(): string {
    return this.#caBundle;
  }

  /** Paths of its certificates and keys. Throws before `start`. */
  get certificates(): CertificateFiles {
    if (this.#certificates === undefined) throw new Error(`${this.name} has not been started`);
    return this.#certificates;
  }

  /** The Kubernetes version its API server reports, `v1.36.3`; empty before `start`. */
  get version(): string {
    return this.#version;
  }

  /** A client with the administrator's rights. Throws before `start`. */
  get client(): KubeClient {
    if (this.#client === undefined) throw new Error(`${this.name} has not been started`);
    return this.#client;
  }

  /** Its running processes, in the order they were started. */
  get processes(): readonly LocalProcess[] {
    return this.#processes.processes;
  }

  /** From now on, a process of it that ends is started again. */
  keepRunning(report: Report): void {
    this.#processes.keepRunning(report);
  }

  /**
   * Starts it, over existing data if there is any, and returns when it is usable: ready, with a default ServiceAccount and
   * ConfigMap kube-public/cluster-info. Whatever was started is stopped again when that fails or is interrupted.
   */
  async start(signal: AbortSignal): Promise<void> {
    try {
      await this.#start(signal);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Ends its processes and keeps its data. */
  async stop(): Promise<void> {
    await this.#client?.access.close();
    this.#client = undefined;
    await this.#processes.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #start(signal: AbortSignal): Promise<void> {
    const { slot, directory, flags = {}, tools, readyWithinMs = 120_000 } = this.#options;
    const withinDeadline = AbortSignal.any([signal, AbortSignal.timeout(readyWithinMs)]);
    const certificates = await ensureCertificates(join(directory, 'pki'), this.name, {
      apiServer: [slot.address(slotPorts.apiServer.host)],
      etcd: [slot.address(slotPorts.etcdClient.host)],
    });
    this.#certificates = certificates;
    this.#caBundle = await readPem(certificates.ca.certificate);
    await this.#writeKubeconfigs(certificates);
    const layout = { name: this.name, slot, directory, certificates };
    const client = await administratorOf(this.server, certificates);
    this.#client = client;

    await this.#run('etcd', tools.etcd, etcdArguments(layout, flags.etcd));
    await this.#run(
      'kube-apiserver',
      tools['kube-apiserver'],
      apiServerArguments(layout, flags.apiServer),
    );
    await this.#until('the API server is ready', withinDeadline, () =>
      isReady(client, withinDeadline),
    );
    await this.#run(
      'kube-controller-manager',
      tools['kube-controller-manager'],
      controllerManagerArguments(
        layout,
        this.#controllerManagerKubeconfig,
        flags.controllerManager,
      ),
    );
    const version = { method: 'GET', path: '/version' };
    this.#version = (
      await client.requestJson<{ gitVersion: string }>(version, withinDeadline)
    ).gitVersion;
    const account = { namespace: 'default', name: 'default' };
    await this.#until('there is a default ServiceAccount', withinDeadline, async () => {
      return (await client.find(builtin.serviceAccounts, account, withinDeadline)) !== undefined;
    });
    await this.#publishClusterInfo(client, withinDeadline);
  }

  get #controllerManagerKubeconfig(): string {
    return join(this.directory, 'kube-controller-manager.yaml');
  }

  async #writeKubeconfigs(certificates: CertificateFiles): Promise<void> {
    const write = async (path: string, name: string, pair: CertificateFiles['admin']) =>
      writeFileAtomically(
        path,
        formatKubeconfig({
          clusterName: this.name,
          server: this.server,
          caBundle: this.caBundle,
          user: {
            name,
            certificate: await readPem(pair.certificate),
            key: await readPem(pair.key),
          },
        }),
      );
    await write(this.kubeconfigPath, `${this.name}-admin`, certificates.admin);
    await write(
      this.#controllerManagerKubeconfig,
      'system:kube-controller-manager',
      certificates.controllerManager,
    );
  }

  async #run(what: string, file: string, args: readonly string[]): Promise<void> {
    const { directory, logDirectory, recordDirectory } = this.#options;
    await this.#processes.start({
      what: `${this.name}/${what}`,
      file,
      args,
      env: goEnvironment,
      logFile: join(logDirectory ?? join(directory, 'logs'), this.name, `${what}.log`),
      recordDirectory: recordDirectory ?? join(directory, 'processes'),
    });
  }

  async #until(what: string, signal: AbortSignal, check: () => Promise<boolean>): Promise<void> {
    while (!(await check())) {
      await this.#processes.check(what);
      await sleep(50, undefined, { signal });
    }
  }

  /** Tells whoever may read it where this cluster is and how to verify it, in the form kubeadm gives it. */
  async #publishClusterInfo(client: KubeClient, signal: AbortSignal): Promise<void> {
    const { server, caBundle } = this;
    const clusterInfo = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'cluster-info', namespace: 'kube-public' },
      data: { kubeconfig: formatKubeconfig({ clusterName: '', server, caBundle }) },
    };
    const options = { fieldManager: 'local', force: true };
    await client.apply(builtin.configMaps, clusterInfo, options, signal);
  }
}
