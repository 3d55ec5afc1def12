import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterIndex } from '../../scheduler/cluster-index.ts';
import { readConfiguration } from '../../scheduler/configuration.ts';
import { buildProfile, type Profile } from '../../scheduler/framework/profile.ts';
import { place } from '../../scheduler/place.ts';
import { loadPluginModules } from '../../scheduler/plugin-modules.ts';
import { cluster, keyFor, subscription } from '../../test/scheduling-objects.ts';
import { testPlugins } from '../../test/scheduling-plugins.ts';

const here = import.meta.dirname;
const costing = (name: string, price?: string) =>
  cluster(name, { labels: price === undefined ? {} : { 'example.com/price-per-hour': price } });

describe('the example of a scheduler plugin', () => {
  let profile: Profile;

  before(async () => {
    const text = await readFile(join(here, 'scheduler.yaml'), 'utf8');
    const [configuration = assert.fail()] = readConfiguration(text).profiles;
    const plugins = await loadPluginModules([join(here, 'price.ts')], []);
    profile = buildProfile(configuration, new Map([...testPlugins(), ...plugins]));
  });

  function placed(...clusters: ReturnType<typeof cluster>[]) {
    const cheapest = { clusterAffinity: {}, subGroupStrategy: { minClusters: 1 } };
    const wanting = subscription({ schedulingBySubGroup: true, subscribers: [cheapest] });
    const cycle = {
      subscription: wanting,
      clusters: ClusterIndex.of(clusters),
      bound: new Set<string>(),
      notes: new Map(),
    };
    return place(profile, cycle, { deleted: new Set(), recentRemovals: 0 });
  }

  it('chooses the cheapest cluster', () => {
    const { clusters } = placed(costing('a', '3.5'), costing('b', '0.8'), costing('c', '2'));
    assert.deepEqual(clusters, [keyFor('b')]);
  });

  it('says why none will do', () => {
    const { refusal } = placed(costing('a', '9'), costing('b'));
    assert.equal(refusal?.message, '0/2 clusters are available: 2 cost more than 4 an hour');
  });
});
