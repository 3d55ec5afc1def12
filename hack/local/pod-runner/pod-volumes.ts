import { createHash } from 'node:crypto';
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mount } from './mount-script.ts';
import type { Container, Pod, Volume } from './pod.ts';
import { PodNotStartable, type PodSources } from './pod-sources.ts';
import { publishFiles } from './published-directory.ts';
import { type VolumeFiles, volumeFiles } from './volume-files.ts';

/** The volumes of one pod as directories below one directory of this machine. */
export class PodVolumes {
  /** Holds one directory for each volume. */
  readonly directory: string;
  readonly #podDirectory: string;
  readonly #sources: PodSources;
  readonly #published = new Map<string, string>();

  constructor(podDirectory: string, sources: PodSources) {
    this.#podDirectory = podDirectory;
    this.directory = join(podDirectory, 'volumes');
    this.#sources = sources;
  }

  /** An empty directory for a container's own use. */
  async scratch(container: string): Promise<string> {
    const directory = join(this.#podDirectory, 'scratch', container);
    await mkdir(directory, { recursive: true });
    return directory;
  }

  /** Makes them, or brings them up to date; what has not changed is not touched. */
  async refresh(pod: Pod, signal: AbortSignal): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    await Promise.all((pod.spec.volumes ?? []).map(volume => this.#refresh(pod, volume, signal)));
  }

  /** What a container mounts, once the volumes are made. */
  mounts(container: Container): Promise<Mount[]> {
    return Promise.all(
      (container.volumeMounts ?? []).map(async ({ name, mountPath, readOnly, subPath = '' }) => {
        const source = join(this.directory, name, subPath);
        const found = await stat(source).catch(() => undefined);
        if (found === undefined) {
          throw new PodNotStartable(
            'CreateContainerConfigError',
            `volume ${name} has no ${subPath || 'directory'}`,
          );
        }
        return {
          source,
          target: mountPath,
          directory: found.isDirectory(),
          readOnly: readOnly ?? false,
        };
      }),
    );
  }

  async remove(): Promise<void> {
    await rm(this.#podDirectory, { recursive: true, force: true });
  }

  async #refresh(pod: Pod, volume: Volume, signal: AbortSignal): Promise<void> {
    const directory = join(this.directory, volume.name);
    await mkdir(directory, { recursive: true });
    const files = await volumeFiles(pod, volume, this.#sources, signal);
    if (files === undefined) return;
    const digest = digestOf(files);
    if (this.#published.get(volume.name) === digest) return;
    await publishFiles(directory, files);
    this.#published.set(volume.name, digest);
  }
}

function digestOf(files: VolumeFiles): string {
  const hash = createHash('sha256');
  for (const [path, { content, mode }] of files) {
    hash.update(`${path}\0${mode}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}
