import { createServer } from 'node:net';
import { join } from 'node:path';
import { type LocalProcess, startProcess } from '../local-process.ts';
import { containerEnvironment } from './container-environment.ts';
import { readHostPaths } from './host-paths.ts';
import { containerCommand, findImage, type KnownImage } from './known-image.ts';
import { hasUserNamespace, namespaceCommand } from './mount-namespace.ts';
import { mountScript } from './mount-script.ts';
import type { Container, Pod } from './pod.ts';
import { PodNotStartable, type PodSources } from './pod-sources.ts';
import type { PodVolumes } from './pod-volumes.ts';
import { type Endpoint, rewritePorts } from './port-rewriting.ts';

/** What all containers of a cluster have in common. */
export interface LaunchSettings {
  readonly clusterName: string;
  readonly images: readonly KnownImage[];
  /** Where programs in pods find the API server. */
  readonly apiServer: { readonly host: string; readonly port: number };
  /** Below it, pods keep their volumes while they exist. */
  readonly directory: string;
  /** Logs are `<namespace>_<pod>_<container>.log` in it. */
  readonly logDirectory: string;
  readonly recordDirectory: string;
}

/** The pod that a container is started for. */
export interface LaunchPod {
  readonly pod: Pod;
  /** The loopback address that its processes bind. */
  readonly address: string;
  readonly volumes: PodVolumes;
  readonly sources: PodSources;
}

/** A container that runs. */
export interface RunningContainer {
  readonly process: LocalProcess;
  /** Ports that are not reached at the pod's address and their own number. */
  readonly ports: ReadonlyMap<number, Endpoint>;
  /** What was changed in its command line, in words. */
  readonly notes: readonly string[];
}

/** Starts the program of a container in a mount namespace of its own. Throws PodNotStartable when something is missing yet. */
export async function launchContainer(
  settings: LaunchSettings,
  { pod, address, volumes, sources }: LaunchPod,
  container: Container,
  signal: AbortSignal,
): Promise<RunningContainer> {
  const image = findImage(container.image, settings.images);
  if (image === undefined) {
    throw new PodNotStartable('ErrImageNeverPull', `${container.image} is not a known image`);
  }
  await volumes.refresh(pod, signal);
  const base = { ...baseEnvironment(settings, pod, address), ...image.environment };
  const environment = await containerEnvironment(pod, container, sources, base, signal);
  const { program, args } = commandOf(container, image, environment);
  const flags = image.listenFlags ?? [];
  const rewritten = await rewritePorts(args, flags, address, freePort);
  const script = mountScript(await volumes.mounts(container), readHostPaths(), {
    scratch: await volumes.scratch(container.name),
    sources: volumes.directory,
    userNamespace: hasUserNamespace(),
    workingDirectory: container.workingDir ?? '/',
  });
  const process = await startProcess({
    what: `${settings.clusterName}/pods/${pod.metadata.namespace}_${pod.metadata.name}_${container.name}`,
    ...namespaceCommand(script, [...program, ...rewritten.args]),
    env: environment,
    logFile: logFileOf(settings, pod, container.name),
    recordDirectory: settings.recordDirectory,
  });
  return { process, ports: rewritten.ports, notes: rewritten.notes };
}

/** Where the output of a container goes. */
export function logFileOf(
  { logDirectory }: Pick<LaunchSettings, 'logDirectory'>,
  { metadata }: Pick<Pod, 'metadata'>,
  container: string,
): string {
  return join(logDirectory, `${metadata.namespace}_${metadata.name}_${container}.log`);
}

function commandOf(...parameters: Parameters<typeof containerCommand>) {
  try {
    return containerCommand(...parameters);
  } catch (error) {
    throw new PodNotStartable('CreateContainerError', (error as Error).message);
  }
}

function baseEnvironment({ apiServer }: LaunchSettings, pod: Pod, address: string) {
  return {
    HOSTNAME: pod.metadata.name ?? '',
    KUBERNETES_SERVICE_HOST: apiServer.host,
    KUBERNETES_SERVICE_PORT: String(apiServer.port),
    KUBERNETES_SERVICE_PORT_HTTPS: String(apiServer.port),
    CLUSTERNET_BIND_ADDRESS: address,
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
