import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cluster, subscription } from '../test/scheduling-objects.ts';
import { ClusterIndex } from './cluster-index.ts';
import { readConfiguration } from './configuration.ts';
import { foreignPlugins } from './plugin-factories.ts';

const page = new URL('../docs/reference/scheduler.md', import.meta.url);

/** The code block of a language in the scheduler's reference. */
async function documented(language: string): Promise<string> {
  const [, code = ''] = (await readFile(page, 'utf8')).split(`\`\`\`${language}\n`);
  return code.split('```')[0] ?? '';
}

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

  it('work as the reference shows it', async () => {
    const path = await moduleOf('documented.mjs', await documented('js'));
    const make = (await foreignPlugins([path])).get('Mine');
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

  it('are named in a configuration as the reference shows it', async () => {
    const configuration = readConfiguration(await documented('yaml'));
    assert.deepEqual(configuration.pluginModules, ['/plugins/mine.js']);
  });

  for (const [what, code, message] of [
    ['that does not exist', undefined, /pluginModules\[0\]: cannot use .*: Cannot find module/],
    ['without plugins', 'export const other = 1;', /it exports no object "plugins" of functions/],
    [
      'whose plugins are no functions',
      'export const plugins = { A: 1 };',
      /it exports no object "plugins"/,
    ],
    ['that throws', 'throw new Error("broken");', /broken/],
  ] as const) {
    it(`refuse a module ${what}`, async () => {
      const name = `${what.replaceAll(' ', '-')}.mjs`;
      const path = code === undefined ? join(directory, name) : await moduleOf(name, code);
      await assert.rejects(foreignPlugins([path]), (error: Error & { code?: string }) => {
        assert.match(error.message, message);
        return error.code === 'CN_SCHEDULER_CONFIG';
      });
    });
  }
});
