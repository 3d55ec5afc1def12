import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { writeManifests } from './write-manifests.ts';

const root = join(fileURLToPath(import.meta.url), '../..');
const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));

await buildBundle();
console.log(`dist/bundle         clusternet.js v${version}, one chunk per component`);
await writeManifests(join(root, 'dist'), version);
console.log('dist/manifests      for kubectl apply: crds.yaml, then components.yaml');
console.log(`dist/clusterctl     repository of the add-on, v${version}`);

/** One entry point whose components are chunks loaded on demand, so that an agent never parses the hub. */
async function buildBundle(): Promise<void> {
  const outdir = join(root, 'dist/bundle');
  await rm(outdir, { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    entryPoints: { clusternet: 'image/entrypoint.ts' },
    outdir,
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node26',
    sourcemap: 'linked',
    legalComments: 'linked',
    define: { CLUSTERNET_VERSION: JSON.stringify(version) },
    // CommonJS dependencies call require, which an ES module does not have.
    banner: {
      js: "import { createRequire as cjsRequire } from 'node:module'; const require = cjsRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
  await mkdir(outdir, { recursive: true });
  await writeFile(
    join(outdir, 'package.json'),
    `${JSON.stringify({ name: 'clusternet', version, type: 'module', private: true })}\n`,
  );
}
