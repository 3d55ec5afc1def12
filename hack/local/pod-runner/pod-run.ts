import { join } from 'node:path';
import { isConflict } from '../../../kube/api-error.ts';
import type { KubeClient } from '../../../kube/client.ts';
import { sleep } from '../../../kube/sleep.ts';
import type { LocalProcess } from '../local-process.ts';
import { ContainerRun } from './container-run.ts';
import { type LaunchSettings, launchContainer } from './launch-container.ts';
import { runInNamespaceOf } from './mount-namespace.ts';
import { type Container, type Pod, type PodStatus, pods } from './pod.ts';
import { PodNotStartable, type PodSources, sourcesOf } from './pod-sources.ts';
import { podStatus } from './pod-status.ts';
import { PodStatusWriter } from './pod-status-writer.ts';
import { PodVolumes } from './pod-volumes.ts';
import type { Endpoint } from './port-rewriting.ts';
import type { ProbeOnce } from './probe-loop.ts';
import { runProbe } from './run-probe.ts';
import { unsupportedFeatures } from './unsupported-features.ts';

/** What a pod gets from the runner. */
export interface PodPlace {
  readonly settings: LaunchSettings;
  readonly client: KubeClient;
  readonly hostIP: string;
  /** Reported and never dialled. */
  readonly podIP: string;
  /** The loopback address that its processes bind. */
  readonly address: string;
  /** Called when it becomes ready, stops being so, or ends. */
  readonly onChange: () => void;
  readonly log: (message: string) => void;
  /** Aborts when the runner stops. */
  readonly signal: AbortSignal;
}

const refreshVolumesEveryMs = 20_000;
const defaultGraceSeconds = 30;
const retryEveryMs = 1_000;

/** One pod from the moment it is bound to the runner's node until it is gone. */
export class PodRun {
  readonly #place: PodPlace;
  readonly #sources: PodSources;
  readonly #volumes: PodVolumes;
  readonly #containers: readonly ContainerRun[];
  readonly #startTime: string;
  readonly #status: PodStatusWriter;
  readonly #ending = new AbortController();
  #pod: Pod;
  #graceMs = Number.POSITIVE_INFINITY;

  constructor(pod: Pod, place: PodPlace) {
    this.#pod = pod;
    this.#place = place;
    this.#sources = sourcesOf(pod, place.client);
    const directory = join(place.settings.directory, pod.metadata.uid ?? '');
    this.#volumes = new PodVolumes(directory, this.#sources);
    this.#startTime = pod.status?.startTime ?? now();
    this.#status = new PodStatusWriter({
      client: place.client,
      pod,
      status: () => this.#currentStatus(),
      log: place.log,
      ending: this.#ending.signal,
    });
    this.#containers = pod.spec.containers.map(container => this.#containerRun(container));
  }

  get pod(): Pod {
    return this.#pod;
  }

  get address(): string {
    return this.#place.address;
  }

  get ready(): boolean {
    return !this.#ending.signal.aborted && this.#containers.every(({ facts }) => facts.ready);
  }

  /** What was changed in the command lines of its containers, in words. */
  get notes(): string[] {
    return this.#containers.flatMap(({ running }) => running?.notes ?? []);
  }

  /** Where a port, given by number or name, is reached; undefined when no container names it so. */
  endpoint(port: number | string): Endpoint | undefined {
    const number = typeof port === 'number' ? port : this.#portNamed(port);
    if (number === undefined) return undefined;
    const rewritten = this.#containers.map(({ running }) => running?.ports.get(number));
    return rewritten.find(Boolean) ?? { address: this.#place.address, port: number };
  }

  /** Takes in a newer version of the pod. */
  update(pod: Pod): void {
    this.#pod = pod;
    if (pod.metadata.deletionTimestamp === undefined) return;
    const { deletionGracePeriodSeconds } = pod.metadata as { deletionGracePeriodSeconds?: number };
    this.stop((deletionGracePeriodSeconds ?? defaultGraceSeconds) * 1000);
  }

  /** Ends its processes within the grace period, or sooner if it is called again for less; `run` then returns. */
  stop(graceMs: number): void {
    if (graceMs >= this.#graceMs) return;
    this.#graceMs = graceMs;
    this.#ending.abort();
    for (const container of this.#containers) container.stop(graceMs);
    this.#changed();
  }

  /** Runs the pod until it has ended and, if it was deleted, until it is gone from the API server. */
  async run(): Promise<void> {
    if (this.#pod.metadata.deletionTimestamp !== undefined) this.update(this.#pod);
    this.#changed();
    const ended = Promise.all(this.#containers.map(container => container.run()));
    const ending = new AbortController();
    const refreshing = this.#refreshVolumes(AbortSignal.any([ending.signal, this.#ending.signal]));
    await ended;
    ending.abort();
    await refreshing;
    await this.#status.settled();
    await this.#volumes.remove();
    if (this.#pod.metadata.deletionTimestamp !== undefined) await this.#leave();
  }

  /** Tells the API server that nothing of the pod is left, which is what its deletion waits for. */
  async #leave(): Promise<void> {
    const { namespace, name = '', uid } = this.#pod.metadata;
    const { client, signal, log } = this.#place;
    while (!signal.aborted) {
      try {
        await client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0, uid }, signal);
        return;
      } catch (error) {
        if (isConflict(error) || signal.aborted) return;
        log(`cannot remove the pod: ${(error as Error).message}`);
        await sleep(retryEveryMs, signal).catch(() => undefined);
      }
    }
  }

  #containerRun(container: Container): ContainerRun {
    const { settings, address, log } = this.#place;
    const before = this.#pod.status?.containerStatuses?.find(({ name }) => name === container.name);
    // A container that ran under an earlier runner was ended with it: this is a restart.
    const restartCount = before?.containerID ? before.restartCount + 1 : 0;
    return new ContainerRun({
      container,
      restartPolicy: this.#pod.spec.restartPolicy,
      graceMs: (this.#pod.spec.terminationGracePeriodSeconds ?? defaultGraceSeconds) * 1000,
      restartCount,
      launch: signal => {
        const refused = unsupportedFeatures(this.#pod);
        if (refused.length > 0) {
          const what = `the pod runner does not support ${refused.join(', ')}`;
          throw new PodNotStartable('CreateContainerConfigError', what);
        }
        const launched = {
          pod: this.#reported(),
          address,
          volumes: this.#volumes,
          sources: this.#sources,
        };
        return launchContainer(settings, launched, container, signal);
      },
      probe: process => this.#probe(process),
      onChange: () => this.#changed(),
      onEvent: message => log(`container ${container.name}: ${message}`),
    });
  }

  /** The pod with the addresses it is going to report, for the downward API. */
  #reported(): Pod {
    const { hostIP, podIP } = this.#place;
    return {
      ...this.#pod,
      status: { ...this.#pod.status, hostIP, podIP, podIPs: [{ ip: podIP }] },
    };
  }

  #probe({ record }: LocalProcess): ProbeOnce {
    const target = {
      endpoint: (port: number | string) => {
        const endpoint = this.endpoint(port);
        if (endpoint === undefined) throw new Error(`no container port is named ${port}`);
        return endpoint;
      },
      exec: (command: readonly string[], signal: AbortSignal) =>
        runInNamespaceOf(record.pid, command, { PATH: process.env.PATH ?? '' }, signal),
    };
    return (probe, signal) => runProbe(probe, target, signal);
  }

  #portNamed(name: string): number | undefined {
    const ports = this.#pod.spec.containers.flatMap(container => container.ports ?? []);
    return ports.find(port => port.name === name)?.containerPort;
  }

  async #refreshVolumes(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(refreshVolumesEveryMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      await this.#volumes
        .refresh(this.#reported(), signal)
        .catch(error => this.#place.log(`cannot refresh the volumes: ${error.message}`));
    }
  }

  #changed(): void {
    this.#place.onChange();
    this.#status.write();
  }

  #currentStatus(): PodStatus {
    const { hostIP, podIP } = this.#place;
    const containers = this.#containers.map(({ facts }) => facts);
    const facts = { hostIP, podIP, startTime: this.#startTime, containers };
    return podStatus(this.#pod, facts, now());
  }
}

function now(): string {
  return new Date().toISOString();
}
