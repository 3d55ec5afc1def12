import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { builtin } from '../../kube/builtin.ts';
import type { KubeClient } from '../../kube/client.ts';
import { sleep } from '../../kube/sleep.ts';
import { writeFileAtomically } from './atomic-file.ts';
import type { ControlPlane } from './control-plane.ts';
import { goEnvironment } from './control-plane-flags.ts';
import { applyFakeNode, type FakeNode, fakeNodeAnnotation } from './fake-node.ts';
import { kwokConfiguration } from './kwok-configuration.ts';
import type { LocalProcess } from './local-process.ts';
import { bindPodsNowhere, bindPodsTo } from './pod-binding-policy.ts';
import { ProcessGroup } from './process-group.ts';
import type { Report } from './report.ts';
import { slotPorts } from './slot.ts';
import type { Tools } from './tools.ts';

/** Which cluster kwok plays nodes for, and where its files go. */
export interface KwokOptions {
  /** Started. */
  readonly controlPlane: ControlPlane;
  readonly tools: Pick<Tools, 'kwok'>;
  /** Defaults to the control plane's directory/logs. */
  readonly logDirectory?: string;
  /** Defaults to the control plane's directory/processes. */
  readonly recordDirectory?: string;
}

/** kwok for one cluster: it plays the cluster's fake nodes and whatever pods are on them. */
export class Kwok implements AsyncDisposable {
  readonly #options: KwokOptions;
  readonly #processes = new ProcessGroup();

  constructor(options: KwokOptions) {
    this.#options = options;
  }

  /** Its running process; none before `start`. */
  get process(): LocalProcess | undefined {
    return this.#processes.processes[0];
  }

  /** From now on, it is started again when it ends. */
  keepRunning(report: Report): void {
    this.#processes.keepRunning(report);
  }

  async start(signal: AbortSignal): Promise<void> {
    const { controlPlane, tools } = this.#options;
    const { name, slot, client } = controlPlane;
    const directory = join(controlPlane.directory, 'kwok');
    const { logDirectory = join(controlPlane.directory, 'logs') } = this.#options;
    const { recordDirectory = join(controlPlane.directory, 'processes') } = this.#options;
    const config = await this.#writeConfiguration(directory, signal);
    await deleteNodeLeases(client, signal);
    await this.#processes.start({
      what: `${name}/kwok`,
      file: tools.kwok,
      args: [
        `--kubeconfig=${controlPlane.kubeconfigPath}`,
        `--config=${config}`,
        `--manage-nodes-with-annotation-selector=${fakeNodeAnnotation.key}=${fakeNodeAnnotation.value}`,
        '--node-lease-duration-seconds=240',
        `--server-address=${slot.endpoint('kwok')}`,
        `--node-ip=${slot.address(slotPorts.kwok.host)}`,
        `--node-port=${slotPorts.kwok.port}`,
        // The other half of 10.244.0.0/16 is for pods that run as local processes.
        '--cidr=10.244.0.0/17',
      ],
      env: goEnvironment,
      logFile: join(logDirectory, name, 'kwok.log'),
      recordDirectory,
    });
  }

  stop(): Promise<void> {
    return this.#processes.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /**
   * Makes exactly these the cluster's fake nodes, and sends pods that name no node to the first of them by name. Returns
   * when all nodes are Ready.
   */
  async setNodes(nodes: readonly FakeNode[], signal: AbortSignal): Promise<void> {
    const { client, version } = this.#options.controlPlane;
    const names = nodes.map(node => node.name).sort();
    for (const node of nodes) await applyFakeNode(client, node, version, signal);
    const [target] = names;
    if (target === undefined) await bindPodsNowhere(client, signal);
    else await bindPodsTo(client, target, signal);
    for (const name of await fakeNodeNames(client, signal)) {
      if (!names.includes(name)) await client.delete(builtin.nodes, { name }, {}, signal);
    }
    for (const name of names) await nodeIsReady(client, name, signal);
  }

  async #writeConfiguration(directory: string, signal: AbortSignal): Promise<string> {
    const { slot } = this.#options.controlPlane;
    const workDirectory = join(directory, 'exec');
    mkdirSync(workDirectory, { recursive: true });
    const logFile = join(directory, 'pod.log');
    const now = new Date().toISOString();
    // The line is in the format of container runtimes (CRI), which kwok expects.
    writeFileAtomically(
      logFile,
      `${now} stdout F nothing runs in this pod: its node is played by kwok\n`,
    );
    const forwardTo = { address: slot.address(slotPorts.kwok.host), port: slotPorts.kwok.port };
    const streams = { logFile, workDirectory, forwardTo };
    const file = join(directory, 'kwok.yaml');
    writeFileAtomically(file, await kwokConfiguration(streams, signal));
    return file;
  }
}

async function fakeNodeNames(client: KubeClient, signal: AbortSignal): Promise<string[]> {
  const nodes = await client.listAll(builtin.nodes, {}, signal);
  return nodes
    .filter(({ metadata }) => metadata.annotations?.[fakeNodeAnnotation.key] !== undefined)
    .map(({ metadata }) => metadata.name ?? '');
}

/** A new kwok would wait for the Leases of an old one to run out before it plays their nodes. */
async function deleteNodeLeases(client: KubeClient, signal: AbortSignal): Promise<void> {
  const namespace = 'kube-node-lease';
  for (const name of await fakeNodeNames(client, signal)) {
    await client.delete(builtin.leases, { namespace, name }, {}, signal);
  }
}

async function nodeIsReady(client: KubeClient, name: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const node = await client.find(builtin.nodes, { name }, signal);
    const ready = node?.status?.conditions?.find(({ type }) => type === 'Ready');
    if (ready?.status === 'True') return;
    await sleep(100, signal);
  }
}
