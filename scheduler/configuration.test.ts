import assert from 'node:assert/strict';
import { readConfiguration } from './configuration.ts';

function refused(text: string): string {
  try {
    readConfiguration(text);
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'CN_SCHEDULER_CONFIG');
    return (error as Error).message;
  }
  return assert.fail('it was accepted');
}

describe('scheduler configuration', () => {
  it('is read as upstream documents it', () => {
    const configuration = readConfiguration(`
profiles:
- schedulerName: default
  plugins:
    filter: {enabled: [{name: X}], disabled: [{name: "*"}]}
    score:
      enabled: [{name: TaintToleration, weight: 3}]
  pluginConfig: [{name: X, args: {any: thing}}]
- schedulerName: second
percentageOfClustersToScore: 0
percentageOfClustersToTolerate: 10
`);
    assert.deepEqual(configuration.profiles, [
      {
        schedulerName: 'default',
        plugins: {
          filter: { enabled: [{ name: 'X' }], disabled: [{ name: '*' }] },
          score: { enabled: [{ name: 'TaintToleration', weight: 3 }] },
        },
        pluginConfig: [{ name: 'X', args: { any: 'thing' } }],
      },
      { schedulerName: 'second' },
    ]);
  });

  it('is read as upstream reads it, too: percentages in small letters', () => {
    const configuration = readConfiguration(`
profiles: [{schedulerName: default}]
percentageofclusterstoscore: 0
percentageofclusterstotolerate: 20
featureGates: {FailOver: true, SocketConnection: true}
`);
    assert.equal(configuration.percentageOfClustersToScore, 0);
    assert.equal(configuration.percentageOfClustersToTolerate, 20);
    assert.deepEqual(configuration.featureGates, { FailOver: true, SocketConnection: true });
  });

  for (const [what, text, message] of [
    [
      'a percentage in two spellings',
      'profiles: [{schedulerName: a}]\npercentageofclusterstoscore: 1\npercentageOfClustersToScore: 1',
      /^percentageofclusterstoscore: /,
    ],
    ...(
      [
        ['without https', 'url: "http://x"', 'url: plain HTTP needs allowPlainHTTP: true'],
        ['of no URL', 'url: "x"', 'url: "x" is not an https URL'],
        ['with a password in its URL', 'url: "https://a:b@x"', 'url: must have no credentials'],
        ['on loopback', 'url: "https://127.0.0.1"', 'url: 127\\.0\\.0\\.1 needs allowLocalAddress'],
        ['on its link', 'url: "https://[fe80::1]"', 'url: fe80::1 needs allowLocalAddress: true'],
        [
          'that sends its token in clear',
          'url: "http://x", allowPlainHTTP: true, tokenFile: t',
          'url: caFile and tokenFile are for https only',
        ],
      ] as const
    ).map(
      ([what, url, message]) =>
        [
          `an extender ${what}`,
          `profiles: [{schedulerName: a}]\nextenders: [{name: mine, verbs: [filter], ${url}}]`,
          new RegExp(`^extenders\\[0\\]\\.${message}`),
        ] as const,
    ),
    [
      'an extender that is asked nothing we know',
      'profiles: [{schedulerName: a}]\nextenders: [{name: mine, url: "https://x", verbs: [bind]}]',
      /^extenders\[0\]\.verbs\[0\]: /,
    ],
    [
      'two extenders of one name',
      'profiles: [{schedulerName: a}]\nextenders: [&e {name: mine, url: "https://x", verbs: [score]}, *e]',
      /^extenders\[1\]\.name: "mine" is taken by another extender$/,
    ],
    [
      'an unknown feature gate',
      'profiles: [{schedulerName: a}]\nfeatureGates: {Failover: true}',
      /^featureGates\.Failover: there is no such gate; there are FailOver, /,
    ],
    [
      'a grace that is no duration',
      'profiles: [{schedulerName: a}]\nfailover: {notReadyGrace: soon}',
      /^failover\.notReadyGrace: .*"soon" is not a duration/,
    ],
    [
      'evictions that never start',
      'profiles: [{schedulerName: a}]\nfailover: {clustersPerMinute: 0}',
      /^failover\.clustersPerMinute: /,
    ],
    ['a profile without name', 'profiles: [{plugins: {}}]', /^profiles\[0\]: .*schedulerName/],
    ['an unknown field', 'profiles: [{schedulerName: a, plugin: {}}]', /^profiles\[0\]/],
    [
      'an unknown extension point',
      'profiles: [{schedulerName: a, plugins: {filters: {}}}]',
      /^profiles\[0\]\.plugins/,
    ],
    [
      'a score without weight',
      'profiles: [{schedulerName: a, plugins: {score: {enabled: [{name: X, weight: 0}]}}}]',
      /^profiles\[0\]\.plugins\.score\.enabled\[0\]\.weight: /,
    ],
    [
      'a percentage above 100',
      'profiles: [{schedulerName: a}]\npercentageOfClustersToScore: 101',
      /^percentageOfClustersToScore: /,
    ],
    ['no profile at all', 'profiles: []', /^profiles: /],
    ['an empty file', '', /^the file: /],
    ['text that is no YAML', 'profiles: [', /at line 1/],
    [
      'two profiles of one name',
      'profiles: [{schedulerName: a}, {schedulerName: b}, {schedulerName: a}]',
      /^profiles\[2\]\.schedulerName: "a" is taken by another profile$/,
    ],
  ] as const) {
    it(`refuses ${what}, naming the field`, () => {
      assert.match(refused(text), message);
    });
  }
});
