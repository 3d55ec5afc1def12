import assert from 'node:assert/strict';
import type { PluginSet } from '../configuration.ts';
import { type ExtensionPoint, extensionPoints, type PluginFactory } from './plugin.ts';
import { buildProfile, type Profile } from './profile.ts';

const all = Object.fromEntries(extensionPoints.map(point => [point, () => undefined]));
const names = [
  'ClusterAffinity',
  'ClusterCount',
  'DefaultBinder',
  'DynamicAssigner',
  'Extra',
  'PreferredClusters',
  'Predictor',
  'Readiness',
  'StaticAssigner',
  'TaintToleration',
  'TopologySpread',
];
const factories = new Map<string, PluginFactory>([
  ...names.map(name => [name, () => ({ ...all, name })] as const),
  ['OnlyFilters', args => ({ name: `OnlyFilters ${args}`, filter: () => undefined })],
]);

function build(
  plugins: Record<string, PluginSet> = {},
  pluginConfig: { name: string; args?: unknown }[] = [],
) {
  return buildProfile({ schedulerName: 'default', plugins, pluginConfig }, factories);
}

function namesAt(profile: Profile, point: ExtensionPoint): string[] {
  return profile.at(point).map(({ name }) => name);
}

describe('buildProfile', () => {
  it('enables the default plugins when nothing else is said', () => {
    const profile = build();
    assert.deepEqual(namesAt(profile, 'preFilter'), ['ClusterAffinity']);
    assert.deepEqual(namesAt(profile, 'filter'), ['TaintToleration', 'Readiness']);
    assert.deepEqual(namesAt(profile, 'bind'), ['DefaultBinder']);
    assert.deepEqual(namesAt(profile, 'predict'), ['Predictor']);
    assert.deepEqual(namesAt(profile, 'assign'), ['StaticAssigner', 'DynamicAssigner']);
    assert.deepEqual(
      profile.at('score').map(plugin => profile.weightOf(plugin)),
      [3, 2],
    );
  });

  it('runs enabled plugins after the default ones, or in the place of one of the same name', () => {
    const enabled = [
      { name: 'Extra', weight: 2 },
      { name: 'TaintToleration', weight: 7 },
    ];
    const profile = build({ score: { enabled } });
    assert.deepEqual(namesAt(profile, 'score'), ['TaintToleration', 'PreferredClusters', 'Extra']);
    assert.deepEqual(
      profile.at('score').map(plugin => profile.weightOf(plugin)),
      [7, 2, 2],
    );
  });

  it('drops disabled plugins, but never the one that asks which clusters match', () => {
    const some = build({ filter: { disabled: [{ name: 'Readiness' }] } });
    assert.deepEqual(namesAt(some, 'filter'), ['TaintToleration']);
    const none = build({ preFilter: { disabled: [{ name: '*' }], enabled: [{ name: 'Extra' }] } });
    assert.deepEqual(namesAt(none, 'preFilter'), ['ClusterAffinity', 'Extra']);
    assert.throws(
      () => build({ preFilter: { disabled: [{ name: 'ClusterAffinity' }] } }),
      /plugins\.preFilter of profile default\.disabled: ClusterAffinity cannot be disabled/,
    );
  });

  it('gives a plugin its own arguments and makes it once for all points', () => {
    const profile = build({ filter: { enabled: [{ name: 'OnlyFilters' }] } }, [
      { name: 'OnlyFilters', args: 'x' },
    ]);
    assert.equal(namesAt(profile, 'filter').at(-1), 'OnlyFilters x');
    assert.equal(profile.at('filter')[0], profile.at('score')[0]);
  });

  it('refuses a plugin that does not exist, saying which do', () => {
    const unknown = [{ name: 'Gone' }];
    const message =
      /there is no plugin "Gone"; there are ClusterAffinity, ClusterCount, DefaultBinder/;
    assert.throws(() => build({ permit: { enabled: unknown } }), message);
    assert.throws(() => build({}, unknown), message);
  });

  it('refuses a plugin at a point where it does not take part', () => {
    assert.throws(
      () => build({ permit: { enabled: [{ name: 'OnlyFilters' }] } }),
      /plugins\.permit of profile default: plugin OnlyFilters does not take part there/,
    );
  });

  it('refuses a profile that could not bind anything', () => {
    assert.throws(
      () => build({ bind: { disabled: [{ name: '*' }] } }),
      /at least one plugin is needed/,
    );
  });
});
