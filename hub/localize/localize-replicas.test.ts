import assert from 'node:assert/strict';
import fc from 'fast-check';
import { feedKey } from '../../api/apps/feed.ts';
import type { FeedInventory } from '../../api/apps/feed-inventory.ts';
import type { Subscription } from '../../api/apps/subscription.ts';
import { inventoryOf, keyFor, subscription } from '../../test/scheduling-objects.ts';
import { localizeReplicas } from './localize-replicas.ts';

const web = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'qux', name: 'web' };
const db = { apiVersion: 'apps/v1', kind: 'StatefulSet', namespace: 'qux', name: 'db' };
const service = { apiVersion: 'v1', kind: 'Service', namespace: 'qux', name: 'web' };
const feeds = [web, db, service];
const bindingClusters = [keyFor('a'), keyFor('b')];

const encode = (object: unknown) => Buffer.from(JSON.stringify(object)).toString('base64');
const decode = (raw: string): { spec: Record<string, unknown> } =>
  JSON.parse(Buffer.from(raw, 'base64').toString());
const rendered = new Map([
  [feedKey(web), encode({ kind: 'Deployment', spec: { replicas: 12, paused: false } })],
  [feedKey(db), encode({ kind: 'StatefulSet', spec: {} })],
  [feedKey(service), encode({ kind: 'Service', spec: { type: 'ClusterIP' } })],
]);

function divided(replicas: Readonly<Record<string, readonly number[]>>) {
  return subscription({ schedulingStrategy: 'Dividing', feeds }, { bindingClusters, replicas });
}

const good = divided({ [feedKey(web)]: [4, 8], [feedKey(db)]: [0, 1], [feedKey(service)]: [] });
const inventory = inventoryOf(good, 12, 1);

/** The spec of each object as a cluster gets it. */
function localizedSpecs(subject: Subscription, objects: ReadonlyMap<string, string>) {
  const result = localizeReplicas(subject, inventory, objects);
  assert.ok('rawFor' in result);
  const { rawFor } = result;
  return (cluster: string) => rawFor(keyFor(cluster)).map(raw => decode(raw).spec);
}

function refusalOf(...input: Parameters<typeof localizeReplicas>): string {
  const result = localizeReplicas(...input);
  return 'reason' in result ? `${result.reason}: ${result.message}` : 'no refusal';
}

describe('localizeReplicas', () => {
  it('gives each cluster its share of each feed, also where the object does not say a number, and all of the rest', () => {
    const specs = localizedSpecs(good, rendered);
    const whole = { type: 'ClusterIP' };
    assert.deepEqual(specs('a'), [{ replicas: 4, paused: false }, { replicas: 0 }, whole]);
    assert.deepEqual(specs('b'), [{ replicas: 8, paused: false }, { replicas: 1 }, whole]);
  });

  it('refuses numbers that do not fit the clusters, and numbers that are missing', () => {
    const message = `BadSchedulingResult: status.replicas["${feedKey(web)}"] has 1 numbers for 2 bound clusters`;
    const short = divided({ [feedKey(web)]: [12], [feedKey(db)]: [0, 1] });
    assert.ok(refusalOf(short, inventory, rendered).startsWith(message));
    assert.match(
      refusalOf(divided({}), inventory, rendered),
      /^BadSchedulingResult: .* has 0 numb/,
    );
  });

  it('gives nobody the whole of what was divided before the scheduler has seen that it has no replicas', () => {
    const none = inventoryOf(good, undefined, 1);
    assert.match(
      refusalOf(good, none, rendered),
      /^BadSchedulingResult: .*qux\/web"\] has 2 numbers for a feed without replicas/,
    );
    const seen = divided({ [feedKey(web)]: [], [feedKey(db)]: [0, 1] });
    assert.equal(refusalOf(seen, none, rendered), 'no refusal');
  });

  it('refuses to guess where the inventory does not speak of a feed', () => {
    assert.match(
      refusalOf(good, undefined, rendered),
      /^FeedInventoryMissing: FeedInventory default\/app does not say what apps\/v1\/Deployment\/qux\/web needs/,
    );
    const other = { ...inventory, spec: { feeds: inventory.spec.feeds.slice(1) } };
    assert.match(refusalOf(good, other, rendered), /^FeedInventoryMissing/);
  });

  it('writes replicas nowhere but below the fields of the object itself', () => {
    const at = (replicaJsonPath: string): FeedInventory => {
      const [first = web, ...rest] = inventory.spec.feeds;
      return { ...inventory, spec: { feeds: [{ ...first, replicaJsonPath }, ...rest] } };
    };
    for (const path of ['', '/', 'spec/replicas', '/metadata/name', '/kind', '/status/replicas']) {
      assert.match(
        refusalOf(good, at(path), rendered),
        /^ReplicaPathInvalid: .*Deployment qux\/web: it must be a JSON pointer to a field outside/,
      );
    }
    assert.match(refusalOf(good, at('/spec/pool/size'), rendered), /"pool" does not exist/);
    assert.equal(refusalOf(good, at('/spec/size'), rendered), 'no refusal');
  });

  it('changes no field but the replicas, whatever the object holds', () => {
    const spec = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(spec, fc.nat(), fc.nat(), (written, a, b) => {
        const one = divided({ [feedKey(web)]: [a, b] });
        const raw = encode({ spec: written });
        const only = new Map([[feedKey(web), raw]]);
        const specs = localizedSpecs(one, only);
        for (const [cluster, replicas] of [
          ['a', a],
          ['b', b],
        ] as const) {
          const { replicas: found, ...rest } = specs(cluster)[0] ?? {};
          const { replicas: _, ...before } = decode(raw).spec;
          assert.equal(found, replicas);
          assert.deepEqual(rest, before);
        }
      }),
    );
  });
});
