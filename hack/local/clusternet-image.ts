import { cp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { imageOf } from '../../manifests/render.ts';
import type { LocalDirectory } from './local-directory.ts';
import type { KnownImage } from './pod-runner/known-image.ts';

const checkout = join(import.meta.dirname, '../..');

/**
 * Builds this checkout and puts a copy of the result into the test bed, so that later builds change nothing under programs
 * that run. `npm run down` and `up` take a new one.
 */
export async function buildClusternet(directory: LocalDirectory, signal: AbortSignal) {
  await execa(process.execPath, ['hack/build.ts'], { cwd: checkout, cancelSignal: signal });
  await rm(directory.build, { recursive: true, force: true });
  await cp(join(checkout, 'dist'), directory.build, { recursive: true });
}

/** Clusternet's image for the pod runner: the copied bundle, run by the Node that runs us. */
export async function clusternetImage(directory: LocalDirectory): Promise<KnownImage> {
  const { version } = JSON.parse(await readFile(join(checkout, 'package.json'), 'utf8'));
  return {
    repository: imageOf(version).replace(/:[^:/]+$/, ''),
    entrypoint: [process.execPath, join(directory.build, 'bundle/clusternet.js')],
    environment: { NODE_OPTIONS: '--enable-source-maps' },
  };
}
