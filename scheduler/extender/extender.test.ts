import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Registry } from 'prom-client';
import { cluster, inventoryOf, keyFor, subscription } from '../../test/scheduling-objects.ts';
import { testPlugins } from '../../test/scheduling-plugins.ts';
import { startTlsFront, type TlsFront } from '../../test/tls-front.ts';
import { ClusterIndex } from '../cluster-index.ts';
import type { Cycle } from '../framework/plugin.ts';
import { buildProfile, type Profile } from '../framework/profile.ts';
import { place } from '../place.ts';
import { consultExtenders } from './consult-extenders.ts';
import { Extender } from './extender.ts';
import type { ExtenderConfiguration } from './extender-configuration.ts';
import { extenderRequests } from './extender-requests.ts';

const feed = 'apps/v1/Deployment/qux/nginx';
const labels = { app: 'web' };
const clusters = ['a', 'b', 'c'].map(name => cluster(name, { labels }));

interface Asked {
  readonly path: string;
  readonly token: string | undefined;
  readonly keys: readonly string[];
}

describe('Extender', () => {
  let server: Server;
  let front: TlsFront;
  let directory: string;
  let caFile: string;
  let asked: Asked[];
  /** By the last part of the path; a number is a status, `hang` never answers. */
  let answers: Record<string, unknown>;

  before(async () => {
    server = createServer(async (request, response) => {
      const { clusters = [] } = JSON.parse(await text(request));
      const path = request.url ?? '';
      const keys = clusters.map(({ key }: { key: string }) => key);
      asked.push({ path, token: request.headers.authorization, keys });
      const answer = answers[path.split('/').at(-1) ?? ''];
      if (answer === 'hang') return;
      response.statusCode = typeof answer === 'number' ? answer : 200;
      response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    front = await startTlsFront(
      new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    );
    directory = await mkdtemp(join(tmpdir(), 'clusternet-extender-'));
    caFile = join(directory, 'ca.crt');
    await writeFile(caFile, front.caBundle);
  });

  after(async () => {
    await front[Symbol.asyncDispose]();
    server.closeAllConnections();
    server.close();
    await rm(directory, { recursive: true });
  });

  beforeEach(() => {
    asked = [];
    answers = {};
  });

  function extending(configuration: Partial<ExtenderConfiguration> = {}) {
    const registry = new Registry();
    const extender = new Extender(
      {
        name: 'mine',
        url: `${front.url}/say/`,
        verbs: ['filter'],
        allowLocalAddress: true,
        caFile,
        ...configuration,
      },
      { logger: { warn: () => {} }, requests: extenderRequests(registry) },
    );
    const options = { extenders: [extender] };
    return {
      profile: buildProfile({ schedulerName: 'default' }, testPlugins(), options),
      registry,
    };
  }

  async function decide(
    profile: Profile,
    wanting = subscription(),
    signal = AbortSignal.timeout(9000),
  ) {
    const cycle: Cycle = {
      subscription: wanting,
      inventory: inventoryOf(wanting, 6),
      clusters: ClusterIndex.of(clusters),
      bound: new Set(wanting.status?.bindingClusters),
      notes: new Map(),
    };
    const refusal = await consultExtenders(profile, cycle, signal);
    const decision = place(profile, cycle, { deleted: new Set(), recentRemovals: 0 });
    return { cycle, refusal, keys: decision.clusters, decision };
  }

  it('keeps new placements away from clusters, and never ends one', async () => {
    answers = { filter: { rejected: { [keyFor('a')]: 'are too dirty', [keyFor('b')]: 'too' } } };
    const bound = subscription({}, { bindingClusters: [keyFor('b')] });
    const { keys, refusal } = await decide(extending().profile, bound);
    assert.deepEqual([refusal, keys], [undefined, [keyFor('b'), keyFor('c')]]);
    assert.deepEqual(asked, [
      { path: '/say/filter', token: undefined, keys: ['a', 'b', 'c'].map(keyFor) },
    ]);
  });

  it('has its say in which clusters are best, by its weight', async () => {
    answers = { score: { scores: { [keyFor('b')]: 90, [keyFor('c')]: 10 } } };
    const best = { clusterAffinity: { matchLabels: labels }, subGroupStrategy: { minClusters: 1 } };
    const wanting = subscription({ schedulingBySubGroup: true, subscribers: [best] });
    const { profile } = extending({ verbs: ['score'], weight: 5 });
    assert.deepEqual((await decide(profile, wanting)).keys, [keyFor('b')]);
    assert.equal(
      profile
        .at('score')
        .map(each => profile.weightOf(each))
        .at(-1),
      5,
    );
  });

  it('predicts for all clusters by one question', async () => {
    answers = { predict: { replicas: { [keyFor('a')]: { [feed]: 3 }, [keyFor('b')]: {} } } };
    const { profile } = extending({ verbs: ['predict'] });
    const { cycle, decision } = await decide(profile);
    const predict = profile.at('predict').at(-1);
    const signal = AbortSignal.timeout(9000);
    const predicted = await Promise.all(
      decision.candidates.map(each => predict?.predict(cycle, each, signal)),
    );
    assert.deepEqual(predicted, [{ [feed]: 3 }, {}, undefined]);
    assert.equal(asked.length, 1);
  });

  it('sends its token, over verified TLS only', async () => {
    answers = { filter: { rejected: {} } };
    const tokenFile = join(directory, 'token');
    await writeFile(tokenFile, 'secret\n');
    await decide(extending({ tokenFile }).profile);
    assert.equal(asked[0]?.token, 'Bearer secret');
    const other = join(directory, 'other.crt');
    const { refusal } = await decide(
      extending({ tokenFile, caFile: join(directory, 'none') }).profile,
    );
    assert.match(refusal?.message ?? '', /no such file/);
    await writeFile(other, '');
    const distrusted = await decide(extending({ tokenFile, caFile: other }).profile);
    assert.match(distrusted.refusal?.message ?? '', /self.signed certificate/);
    assert.equal(asked.length, 1);
  });

  it('does not dial the machine itself unless that is configured', async () => {
    const url = front.url.replace('127.0.0.1', 'localhost');
    const { refusal } = await decide(extending({ url, allowLocalAddress: false }).profile);
    assert.match(
      refusal?.message ?? '',
      /localhost leads to (127\.0\.0\.1|::1), which is not dialled/,
    );
    assert.deepEqual(asked, []);
  });

  for (const [what, verb, answer, message] of [
    ['is no JSON', 'filter', '<html>', /it is not JSON/],
    ['has another shape', 'filter', { rejected: ['a'] }, /"\/rejected" must be object/],
    [
      'speaks of an unknown cluster',
      'filter',
      { rejected: { 'ns/x': 'no' } },
      /cluster that was not/,
    ],
    ['scores no number', 'score', '{"scores":{"ns-a/a":null}}', /must be number/],
    ['scores a huge number', 'score', '{"scores":{"ns-a/a":1e300}}', /must be <= 100/],
    ['scores below zero', 'score', { scores: { [keyFor('a')]: -1 } }, /must be >= 0/],
    ['is an error', 'score', 500, /it answered 500/],
    ['is too large', 'filter', ' '.repeat(5 << 20), /larger than 4194304 bytes/],
  ] as const) {
    it(`refuses an answer that ${what}, and leaves the placement alone`, async () => {
      answers = { [verb]: answer };
      const { refusal } = await decide(extending({ verbs: [verb] }).profile);
      assert.equal(refusal?.reason, 'ExtenderFailed');
      assert.match(refusal?.message ?? '', message);
    });
  }

  for (const [what, replicas, message] of [
    ['half a replica', { [keyFor('a')]: { [feed]: 0.5 } }, /must be integer/],
    ['more replicas than there can be', { [keyFor('a')]: { [feed]: 2 ** 31 } }, /must be <= /],
    ['replicas of another feed', { [keyFor('a')]: { other: 1 } }, /feed that was not asked about/],
  ] as const) {
    it(`does not believe in ${what}`, async () => {
      answers = { predict: { replicas } };
      const { profile } = extending({ verbs: ['predict'] });
      const { cycle, decision } = await decide(profile);
      const [candidate = assert.fail()] = decision.candidates;
      const predict = profile.at('predict').at(-1);
      const signal = AbortSignal.timeout(9000);
      await assert.rejects(async () => predict?.predict(cycle, candidate, signal), message);
    });
  }

  it('is gone on without when it fails and may be ignored', async () => {
    answers = { filter: 500 };
    const { profile, registry } = extending({ ignorable: true });
    const { refusal, keys } = await decide(profile);
    assert.deepEqual([refusal, keys], [undefined, ['a', 'b', 'c'].map(keyFor)]);
    assert.match(
      await registry.metrics(),
      /requests_total\{extender="mine",verb="filter",result="error"\} 1/,
    );
  });

  it('is not waited for longer than its time', async () => {
    answers = { filter: 'hang' };
    const { refusal } = await decide(extending({ timeoutSeconds: 0.1 }).profile);
    assert.match(refusal?.message ?? '', /aborted due to timeout/);
  });

  it('is left alone for a while after five failures in a row', async () => {
    answers = { filter: 500 };
    const { profile } = extending();
    for (let i = 0; i < 8; i++) await decide(profile);
    assert.equal(asked.length, 5);
    assert.match((await decide(profile)).refusal?.message ?? '', /circuit breaker is open/);
  });

  it('is not asked when no cluster fits', async () => {
    const nowhere = [{ clusterAffinity: { matchLabels: { no: 'such' } } }];
    await decide(extending().profile, subscription({ subscribers: nowhere }));
    assert.deepEqual(asked, []);
  });
});
