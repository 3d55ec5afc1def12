import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { VolumeFiles } from './volume-files.ts';

/** Where the current version of the files lies; programs that watch a volume look for a change of this link. */
const currentLink = '..data';

/**
 * Replaces the files of a volume all at once, in the layout that programs know from a kubelet: `..data` links to the
 * directory of the current version, and each file or top directory is a link into it.
 */
export async function publishFiles(directory: string, files: VolumeFiles): Promise<void> {
  const version = `..${randomUUID()}`;
  for (const [path, { content, mode }] of files) {
    const target = join(directory, version, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content, { mode });
  }
  await mkdir(join(directory, version), { recursive: true });
  const old = await readlink(join(directory, currentLink)).catch(() => undefined);
  await replaceLink(version, join(directory, currentLink));
  await linkEntries(directory, new Set([...files.keys()].map(path => path.split('/')[0] ?? '')));
  if (old !== undefined) await rm(join(directory, old), { recursive: true, force: true });
}

async function linkEntries(directory: string, entries: ReadonlySet<string>): Promise<void> {
  const present = (await readdir(directory)).filter(name => !name.startsWith('..'));
  for (const name of present) {
    if (!entries.has(name)) await rm(join(directory, name));
  }
  for (const name of entries) {
    if (!present.includes(name)) await symlink(join(currentLink, name), join(directory, name));
  }
}

async function replaceLink(target: string, path: string): Promise<void> {
  await symlink(target, `${path}.new`);
  await rename(`${path}.new`, path);
}
