import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cluster, subscription } from '../test/scheduling-objects.ts';
import { ClusterIndex } from './cluster-index.ts';
import { readConfiguration } from './configuration.ts';
import { loadPluginModules } from './plugin-modules.ts';

const page = new URL('../docs/guides/scheduler-plugins.md', import.meta.url);

/** A code block of a language in the guide of plugins, by default the first. */
async function documented(language: string, position = 1): Promise<string> {
  const code = (await readFile(page, 'utf8')).split(`\`\`\`${language}\n`)[position];
  return code?.split('```')[0] ?? '';
}

const version = 'export const apiVersion = "scheduler.clusternet.io/v1alpha1";';

describe('plugins of ES modules', () => {
  let directory: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'clusternet-plugins-'));
  });

  after(() => rm(directory, { recursive: true }));

  async function moduleOf(name: string, code: string): Promise<string> {
    const path = join(directory, name);
    await writeFile(path, code);
    return path;
  }

  it('work as the guide shows it', async () => {
    const path = await moduleOf('documented.mjs', await documented('js'));
    const make = (await loadPluginModules([path], [])).get('Mine');
    const plugin = make?.({ since: 'v1.30' });
    const cycle = {
      subscription: subscription(),
      clusters: new ClusterIndex(),
      bound: new Set<string>(),
      notes: new Map(),
    };
    const old = { ...cluster('old'), status: { k8sVersion: 'v1.29.3' } };
    const recent = { ...cluster('recent'), status: { k8sVersion: 'v1.33.0' } };
    assert.equal(plugin?.name, 'Mine');
    assert.deepEqual(plugin?.filter?.(cycle, old), { reason: 'are too old', evicts: false });
    assert.equal(plugin?.filter?.(cycle, recent), undefined);
  });

  it('are named in a configuration as the guide shows it', async () => {
    const configuration = readConfiguration(await documented('yaml'));
    assert.deepEqual(configuration.pluginModules, ['/plugins/mine.js']);
    const { extenders } = readConfiguration(await documented('yaml', 2));
    assert.equal(extenders?.[0]?.name, 'carbon');
  });

  for (const [what, code, message] of [
    ['that does not exist', undefined, /pluginModules\[0\]: cannot use .*: Cannot find module/],
    ['without a version', 'export const plugins = {};', /must export apiVersion ".*", it has none/],
    [
      'of another version',
      'export const apiVersion = "scheduler.clusternet.io/v9"; export const plugins = {};',
      /must export apiVersion "scheduler\.clusternet\.io\/v1alpha1", not "scheduler.*v9"/,
    ],
    ['without plugins', `${version}`, /it exports no object "plugins" of functions/],
    [
      "with a plugin of the scheduler's own",
      `${version} export const plugins = { Readiness: () => ({}) };`,
      /"Readiness" is a plugin of the scheduler itself/,
    ],
    [
      'whose plugins are no functions',
      `${version} export const plugins = { A: 1 };`,
      /it exports no object "plugins"/,
    ],
    ['that throws', 'throw new Error("broken");', /broken/],
  ] as const) {
    it(`refuse a module ${what}`, async () => {
      const name = `${what.replaceAll(' ', '-')}.mjs`;
      const path = code === undefined ? join(directory, name) : await moduleOf(name, code);
      await assert.rejects(
        loadPluginModules([path], ['Readiness']),
        (error: Error & { code?: string }) => {
          assert.match(error.message, message);
          return error.code === 'CN_SCHEDULER_CONFIG';
        },
      );
    });
  }

  it('refuse two modules with a plugin of one name', async () => {
    const code = `${version} export const plugins = { Twice: () => ({}) };`;
    const paths = [await moduleOf('one.mjs', code), await moduleOf('two.mjs', code)];
    const message = /pluginModules\[1\]: .* an earlier module has a plugin "Twice" too/;
    await assert.rejects(loadPluginModules(paths, []), message);
  });
});
