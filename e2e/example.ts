import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { type Manifest, manifests } from '../api/apps/manifest.ts';
import { type SubscriptionSpec, subscriptions } from '../api/apps/subscription.ts';
import type { DynamicObject } from '../api/kube-object.ts';
import { eventually } from '../test/eventually.ts';
import { Application } from './application.ts';
import { childNames, type TestBed } from './test-bed.ts';

const root = join(import.meta.dirname, '..');
const clusters = ['parent', ...childNames] as const;

/** By the name of the cluster; where the Deployment is not, there is no number. */
export type Replicas = Readonly<Partial<Record<(typeof clusters)[number], number>>>;

/** A directory of examples/ that places a Deployment, applied and undone by the commands that its README gives. */
class Example extends Application {
  readonly #bed: TestBed;
  readonly #readme: string;

  static async read(bed: TestBed, name: string): Promise<Example> {
    const directory = join(root, 'examples', name);
    const texts = new Map<string, string>();
    for (const file of await readdir(directory)) {
      texts.set(file, await readFile(join(directory, file), 'utf8'));
    }
    const objects = [...texts]
      .filter(([file]) => file.endsWith('.yaml'))
      .flatMap(([, text]) => parseAllDocuments(text).map(each => each.toJS() as DynamicObject));
    return new Example(bed, objects, texts.get('README.md') ?? '');
  }

  private constructor(bed: TestBed, objects: readonly DynamicObject[], readme: string) {
    const name = objects.find(({ kind }) => kind === 'Subscription')?.metadata.name ?? '';
    const wrapped = objects.filter(({ kind }) => kind === 'Manifest') as unknown as Manifest[];
    super(
      bed,
      name,
      wrapped.map(({ template }) => template),
    );
    this.#bed = bed;
    this.#readme = readme;
  }

  async apply(): Promise<void> {
    await this.#run('apply');
  }

  /** Waits until nothing of it is left, in the parent and in the children. */
  async undo(): Promise<void> {
    await this.#run('delete');
    await this.withdraw();
    await this.runs({});
  }

  /** Gives the Manifest of its Deployment another number of replicas. */
  async scale(replicas: number): Promise<void> {
    const parent = await this.#bed.client('parent');
    const found = (await this.manifests()).find(({ template }) => template.kind === 'Deployment');
    const { namespace, name = '' } = found?.metadata ?? {};
    const body = { template: { spec: { replicas } } };
    await parent.patch(manifests, { namespace, name }, { type: 'merge', body });
  }

  async change(spec: Partial<SubscriptionSpec>): Promise<void> {
    const parent = await this.#bed.client('parent');
    await parent.patch(subscriptions, this.key, { type: 'merge', body: { spec } });
  }

  /** Waits until the Deployments in the children ask for exactly these replicas, and no other cluster has one. */
  async runs(expected: Replicas, withinMs = 60_000): Promise<void> {
    const wanted = clusters.map(cluster => [cluster, expected[cluster]]);
    await eventually(
      async () => {
        const read = clusters.map(async cluster => {
          const found = await this.deployment(cluster);
          return [cluster, found?.spec?.replicas];
        });
        assert.deepEqual(await Promise.all(read), wanted);
        return true;
      },
      { withinMs, describe: `the replicas of ${this.name}` },
    );
  }

  async #run(verb: 'apply' | 'delete'): Promise<void> {
    const command = new RegExp(`^kubectl (${verb} .*)$`, 'm').exec(this.#readme)?.[1];
    assert.ok(command, `the README of ${this.name} says how to ${verb} it`);
    await this.#bed.kubectl(command.split(' '));
  }
}

/** To be called in a `describe`: has the example ready to be applied before its tests, and takes it away after them. */
export function useExample(bed: () => TestBed, name: string): () => Example {
  let example: Example | undefined;
  before(async () => {
    example = await Example.read(bed(), name);
    await example.remove();
  });
  after(() => example?.remove());
  return () => example ?? assert.fail('the example is there only in tests');
}
