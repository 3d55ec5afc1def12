import assert from 'node:assert/strict';
import { Registry } from 'prom-client';
import type { PluginSet } from '../configuration.ts';
import { type ExtensionPoint, extensionPoints, type PluginFactory } from './plugin.ts';
import { pluginStopwatch } from './plugin-stopwatch.ts';
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

  for (const [what, factory, message] of [
    ['is no object', () => undefined, /plugin Odd is not an object/],
    ['has no name', () => ({ filter: () => undefined }), /plugin Odd has no name/],
    [
      'has a method that is never called',
      () => ({ name: 'Odd', filters: () => undefined }),
      /plugin Odd has "filters", which is no extension point: preFilter, filter, /,
    ],
    [
      'has something else where a method belongs',
      () => ({ name: 'Odd', filter: true }),
      /plugin Odd has "filter", which is not a function/,
    ],
    [
      'does not accept its args',
      () => {
        throw new Error('args.most: must be a number');
      },
      /plugins\.filter of profile default: plugin Odd cannot be made: args\.most: must be/,
    ],
  ] as const) {
    it(`refuses a plugin that ${what}`, () => {
      const odd = new Map([...factories, ['Odd', factory as unknown as PluginFactory] as const]);
      const plugins = { filter: { enabled: [{ name: 'Odd' }] } };
      assert.throws(() => buildProfile({ schedulerName: 'default', plugins }, odd), message);
    });
  }

  it('measures its points and plugins under the names of upstream', async () => {
    const registry = new Registry();
    const stopwatch = pluginStopwatch(registry);
    const profile = buildProfile({ schedulerName: 'default' }, factories, { stopwatch });
    profile.firstAnswer('filter', () => undefined);
    profile.firstAnswer('preAssign', () => ({ reason: 'Odd', message: 'odd' }));
    assert.throws(() =>
      profile.firstAnswer('score', () => {
        throw new Error('broken');
      }),
    );
    const metrics = await registry.metrics();
    const point = 'clusternet_scheduler_framework_extension_point_duration_seconds_count';
    for (const [name, status] of [
      ['Filter', 'Success'],
      ['PreAssign', 'Unschedulable'],
      ['Score', 'Error'],
    ]) {
      const labels = `extension_point="${name}",status="${status}",profile="default"`;
      assert.ok(metrics.includes(`${point}{${labels}} 1`), `${name} in ${metrics}`);
    }
    const plugin = 'clusternet_scheduler_plugin_execution_duration_seconds_count';
    const labels = 'plugin="Readiness",extension_point="Filter",status="Success"';
    assert.ok(metrics.includes(`${plugin}{${labels}} 1`), metrics);
  });

  it('refuses a profile that could not bind anything', () => {
    assert.throws(
      () => build({ bind: { disabled: [{ name: '*' }] } }),
      /at least one plugin is needed/,
    );
  });
});
