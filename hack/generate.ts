/** Writes the generated files; with --check it only says which are stale, and fails if any is. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { generatedFiles } from './generated-files.ts';

const root = join(import.meta.dirname, '..');
const files = generatedFiles();
const stale: string[] = [];

for (const [path, text] of files) {
  if ((await readFile(join(root, path), 'utf8').catch(() => undefined)) !== text) stale.push(path);
}
const crds = await readdir(join(root, 'manifests/crds')).catch(() => []);
const orphans = crds.map(name => `manifests/crds/${name}`).filter(path => !files.has(path));

if (process.argv.includes('--check')) {
  for (const path of [...stale, ...orphans]) console.error(`stale: ${path}`);
  if (stale.length + orphans.length > 0) {
    console.error('run: node hack/generate.ts');
    process.exitCode = 1;
  }
} else {
  for (const path of stale) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), files.get(path) ?? '');
    console.log(`wrote ${path}`);
  }
  for (const path of orphans) {
    await rm(join(root, path));
    console.log(`removed ${path}`);
  }
}
