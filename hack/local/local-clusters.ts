import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../reconcile/logger.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { ControlPlane } from './control-plane.ts';
import { Kwok } from './kwok.ts';
import type { LocalDirectory } from './local-directory.ts';
import type { KnownImage } from './pod-runner/known-image.ts';
import { PodRunner } from './pod-runner/pod-runner.ts';
import type { Report } from './report.ts';
import { claimSlot, releaseSlotsOf, type Slot } from './slot.ts';
import type { Tools } from './tools.ts';

/** One running cluster: its control plane, kwok for its fake nodes, and the runner of real pods. */
export interface LocalCluster {
  readonly name: string;
  readonly controlPlane: ControlPlane;
  readonly kwok: Kwok;
  readonly podRunner: PodRunner;
}

interface Stoppable {
  stop(): Promise<void>;
}

export interface LocalClustersOptions {
  readonly directory: LocalDirectory;
  readonly tools: Tools;
  /** What pods of which images run as. */
  readonly images: readonly KnownImage[];
  /** Called after a cluster has come or gone. */
  readonly onChange: () => void;
  /** Told of processes that ended and were started again. */
  readonly report: Report;
  readonly logger: Logger;
}

/**
 * The clusters of a checkout's test bed, by name. A cluster keeps its slot, data and certificates in `.local` until it is
 * removed, so that whoever holds the test bed can end and be started again.
 */
export class LocalClusters {
  readonly #options: LocalClustersOptions;
  readonly #clusters = new Map<string, Promise<LocalCluster>>();
  readonly #running = new Map<string, LocalCluster>();

  constructor(options: LocalClustersOptions) {
    this.#options = options;
  }

  /** Those that run now, by name. */
  list(): LocalCluster[] {
    return [...this.#running.values()].sort((a, b) => a.name.localeCompare(b.name));
  }

  /** The names of all that have data, running or not. */
  known(): string[] {
    const { clusters } = this.#options.directory;
    return existsSync(clusters) ? readdirSync(clusters).sort() : [];
  }

  /** The cluster of this name: running already, or booted, over its data if it has some. */
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
    await releaseSlotsOf(`${this.#options.directory.cluster(name)}/`, signal);
    await rm(this.#options.directory.cluster(name), { recursive: true, force: true });
    await rm(this.#options.directory.kubeconfig(name), { force: true });
    this.#clusters.delete(name);
    this.#running.delete(name);
    this.#options.onChange();
  }

  /** Stops all clusters and keeps their data. */
  async stop(): Promise<void> {
    const clusters = await Promise.allSettled(this.#clusters.values());
    const running = clusters.filter(result => result.status === 'fulfilled');
    await Promise.all(running.map(({ value }) => stopCluster(value)));
    this.#clusters.clear();
    this.#running.clear();
    this.#options.onChange();
  }

  async #boot(name: string, signal: AbortSignal): Promise<LocalCluster> {
    const slot = await this.#slotFor(name, signal);
    const { directory, onChange } = this.#options;
    const started: Stoppable[] = [];
    try {
      const cluster = await this.#start(name, slot, started, signal);
      const kubeconfig = readFileSync(cluster.controlPlane.kubeconfigPath, 'utf8');
      writeFileAtomically(directory.kubeconfig(name), kubeconfig);
      this.#running.set(name, cluster);
      onChange();
      return cluster;
    } catch (error) {
      for (const part of started.reverse()) await part.stop();
      slot.release();
      throw error;
    }
  }

  /** Starts the parts of a cluster, each listed in `started` before it starts. */
  async #start(
    name: string,
    slot: Slot,
    started: Stoppable[],
    signal: AbortSignal,
  ): Promise<LocalCluster> {
    const { directory, tools, report, images, logger } = this.#options;
    const places = { tools, logDirectory: directory.logs, recordDirectory: directory.processes };
    const controlPlane = new ControlPlane({
      name,
      slot,
      directory: directory.cluster(name),
      ...places,
    });
    started.push(controlPlane);
    await controlPlane.start(signal);
    const kwok = new Kwok({ controlPlane, ...places });
    started.push(kwok);
    await kwok.start(signal);
    const podRunner = new PodRunner({
      controlPlane,
      images,
      logDirectory: join(directory.logs, name, 'pods'),
      recordDirectory: directory.processes,
      logger: logger.child({ cluster: name }),
    });
    started.push(podRunner);
    await podRunner.start(signal);
    controlPlane.keepRunning(report);
    kwok.keepRunning(report);
    return { name, controlPlane, kwok, podRunner };
  }

  /** The slot the cluster's data was made for, or a new one that is remembered beside the data. */
  async #slotFor(name: string, signal: AbortSignal): Promise<Slot> {
    const directory = this.#options.directory.cluster(name);
    const file = join(directory, 'slot');
    const wanted = existsSync(file) ? Number(readFileSync(file, 'utf8')) : undefined;
    const slot = await claimSlot({ owner: `${directory}/`, ...(wanted && { wanted }) }, signal);
    writeFileAtomically(file, String(slot.number));
    return slot;
  }
}

async function stopCluster({ controlPlane, kwok, podRunner }: LocalCluster): Promise<void> {
  await podRunner.stop();
  await kwok.stop();
  await controlPlane.stop();
}
