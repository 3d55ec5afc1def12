import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from './atomic-file.ts';
import { ControlPlane } from './control-plane.ts';
import { Kwok } from './kwok.ts';
import type { LocalDirectory } from './local-directory.ts';
import type { Report } from './report.ts';
import { claimSlot, releaseSlotsOf, type Slot } from './slot.ts';
import type { Tools } from './tools.ts';

/** One running cluster: its control plane, and kwok for its nodes. */
export interface LocalCluster {
  readonly name: string;
  readonly controlPlane: ControlPlane;
  readonly kwok: Kwok;
}

export interface LocalClustersOptions {
  readonly directory: LocalDirectory;
  readonly tools: Tools;
  /** Called after a cluster has come or gone. */
  readonly onChange: () => void;
  /** Told of processes that ended and were started again. */
  readonly report: Report;
}

/**
 * The clusters of a checkout's test bed, by name. A cluster keeps its slot, data and certificates in `.local` until it is
 * removed, so that whoever holds the test bed can end and be started again.
 */
export class LocalClusters {
  readonly #directory: LocalDirectory;
  readonly #tools: Tools;
  readonly #onChange: () => void;
  readonly #report: Report;
  readonly #clusters = new Map<string, Promise<LocalCluster>>();
  readonly #running = new Map<string, LocalCluster>();

  constructor(options: LocalClustersOptions) {
    this.#directory = options.directory;
    this.#tools = options.tools;
    this.#onChange = options.onChange;
    this.#report = options.report;
  }

  /** Those that run now, by name. */
  list(): LocalCluster[] {
    return [...this.#running.values()].sort((a, b) => a.name.localeCompare(b.name));
  }

  /** The cluster of this name: running already, or booted, over its data if it has some. Its kwok runs, too. */
  async ensure(name: string, signal: AbortSignal): Promise<LocalCluster> {
    const booting = this.#clusters.getOrInsertComputed(name, () => this.#boot(name, signal));
    try {
      return await booting;
    } catch (error) {
      this.#clusters.delete(name);
      throw error;
    }
  }

  /** Stops the cluster and deletes everything of it. Does nothing when there is none. */
  async remove(name: string, signal: AbortSignal): Promise<void> {
    const cluster = await this.#clusters.get(name)?.catch(() => undefined);
    if (cluster) await stopCluster(cluster);
    cluster?.controlPlane.slot.release();
    await releaseSlotsOf(`${this.#directory.cluster(name)}/`, signal);
    await rm(this.#directory.cluster(name), { recursive: true, force: true });
    await rm(this.#directory.kubeconfig(name), { force: true });
    this.#clusters.delete(name);
    this.#running.delete(name);
    this.#onChange();
  }

  /** Stops all clusters and keeps their data. */
  async stop(): Promise<void> {
    const clusters = await Promise.allSettled(this.#clusters.values());
    const running = clusters.filter(result => result.status === 'fulfilled');
    await Promise.all(running.map(({ value }) => stopCluster(value)));
    this.#clusters.clear();
    this.#running.clear();
    this.#onChange();
  }

  async #boot(name: string, signal: AbortSignal): Promise<LocalCluster> {
    const directory = this.#directory.cluster(name);
    const slot = await this.#slotFor(directory, signal);
    const places = {
      tools: this.#tools,
      logDirectory: this.#directory.logs,
      recordDirectory: this.#directory.processes,
    };
    const controlPlane = new ControlPlane({ name, slot, directory, ...places });
    const kwok = new Kwok({ controlPlane, ...places });
    const cluster = { name, controlPlane, kwok };
    try {
      await controlPlane.start(signal);
      await kwok.start(signal);
    } catch (error) {
      await stopCluster(cluster);
      slot.release();
      throw error;
    }
    controlPlane.keepRunning(this.#report);
    kwok.keepRunning(this.#report);
    const kubeconfig = readFileSync(controlPlane.kubeconfigPath, 'utf8');
    writeFileAtomically(this.#directory.kubeconfig(name), kubeconfig);
    this.#running.set(name, cluster);
    this.#onChange();
    return cluster;
  }

  /** The slot the cluster's data was made for, or a new one that is remembered beside the data. */
  async #slotFor(directory: string, signal: AbortSignal): Promise<Slot> {
    const file = join(directory, 'slot');
    const wanted = existsSync(file) ? Number(readFileSync(file, 'utf8')) : undefined;
    const slot = await claimSlot({ owner: `${directory}/`, ...(wanted && { wanted }) }, signal);
    writeFileAtomically(file, String(slot.number));
    return slot;
  }
}

async function stopCluster({ controlPlane, kwok }: LocalCluster): Promise<void> {
  await kwok.stop();
  await controlPlane.stop();
}
