import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { writeManifests } from './write-manifests.ts';

const root = join(fileURLToPath(import.meta.url), '../..');
const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));

// CommonJS dependencies call require, which an ES module does not have.
const requireForCommonJs =
  "import { createRequire as cjsRequire } from 'node:module'; const require = cjsRequire(import.meta.url);";
const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node26',
  define: { CLUSTERNET_VERSION: JSON.stringify(version) },
  logLevel: 'warning',
} as const;

await buildBundle();
console.log(`dist/bundle         clusternet.js v${version}, one chunk per component`);
await buildPlugin();
console.log('dist/cli            kubectl-clusternet, to be put into a directory of your PATH');
await writeManifests(join(root, 'dist'), version);
console.log('dist/manifests      for kubectl apply: crds.yaml, then components.yaml');
console.log(`dist/clusterctl     repository of the add-on, v${version}`);

/** The kubectl plugin: one file that runs with the Node it finds. */
async function buildPlugin(): Promise<void> {
  const outfile = join(root, 'dist/cli/kubectl-clusternet');
  await build({
    ...common,
    entryPoints: ['cli/main.ts'],
    outfile,
    minifySyntax: true,
    minifyWhitespace: true,
    banner: { js: `#!/usr/bin/env node\n${requireForCommonJs}` },
  });
  await chmod(outfile, 0o755);
}

/** One entry point whose components are chunks loaded on demand, so that an agent never parses the hub. */
async function buildBundle(): Promise<void> {
  const outdir = join(root, 'dist/bundle');
  await rm(outdir, { recursive: true, force: true });
  await build({
    ...common,
    entryPoints: { clusternet: 'image/entrypoint.ts' },
    outdir,
    splitting: true,
    sourcemap: 'linked',
    legalComments: 'linked',
    banner: { js: requireForCommonJs },
  });
  await mkdir(outdir, { recursive: true });
  await writeFile(
    join(outdir, 'package.json'),
    `${JSON.stringify({ name: 'clusternet', version, type: 'module', private: true })}\n`,
  );
}
