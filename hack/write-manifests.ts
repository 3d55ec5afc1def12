import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  renderAddonComponents,
  renderClusterctlMetadata,
  renderPlainManifests,
} from '../manifests/render.ts';

/** Writes the manifests of one version below `dist`: for kubectl, and as a clusterctl repository. */
export async function writeManifests(dist: string, version: string): Promise<void> {
  const release = `clusterctl/addon-clusternet/v${version}`;
  const files = new Map([
    ...[...renderPlainManifests(version)].map(
      ([name, text]) => [`manifests/${name}`, text] as const,
    ),
    [`${release}/metadata.yaml`, renderClusterctlMetadata()],
    [`${release}/addon-components.yaml`, renderAddonComponents(version)],
  ]);
  for (const directory of ['manifests', release]) {
    await rm(join(dist, directory), { recursive: true, force: true });
    await mkdir(join(dist, directory), { recursive: true });
  }
  for (const [path, text] of files) await writeFile(join(dist, path), text);
}
