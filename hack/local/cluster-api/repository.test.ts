import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';
import type { DynamicObject } from '../../../api/kube-object.ts';
import { buildClusterctlRepository, clusterctlConfig } from './clusterctl-repository.ts';

const sources = join(import.meta.dirname, 'repository');

async function objectsOf(file: string): Promise<DynamicObject[]> {
  const documents = parseAllDocuments(await readFile(join(sources, file), 'utf8'));
  return documents.map(document => document.toJS());
}

interface Definition extends DynamicObject {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string; readonly plural: string };
    readonly versions: readonly {
      readonly name: string;
      readonly subresources?: { readonly status?: object };
      readonly schema: { readonly openAPIV3Schema: unknown };
    }[];
  };
}

async function definitionsOf(file: string): Promise<Definition[]> {
  const objects = await objectsOf(file);
  return objects.filter(({ kind }) => kind === 'CustomResourceDefinition') as Definition[];
}

const providers = [
  {
    file: 'infrastructure-local/infrastructure-components.yaml',
    kinds: ['LocalCluster', 'LocalClusterTemplate'],
  },
  {
    file: 'control-plane-local/control-plane-components.yaml',
    kinds: ['LocalControlPlane', 'LocalControlPlaneTemplate'],
  },
];

for (const { file, kinds } of providers) {
  describe(`components of the local provider: ${file}`, () => {
    it('hold exactly one Namespace, because clusterctl moves everything into one', async () => {
      const objects = await objectsOf(file);
      assert.equal(objects.filter(({ kind }) => kind === 'Namespace').length, 1);
    });

    it('define their kinds under the names and labels of the v1beta2 contract', async () => {
      const definitions = await definitionsOf(file);
      assert.deepEqual(
        definitions.map(({ spec }) => spec.names.kind),
        kinds,
      );
      for (const { metadata, spec } of definitions) {
        assert.equal(metadata.name, `${spec.names.kind.toLowerCase()}s.${spec.group}`);
        const served = spec.versions.map(({ name }) => name).join('_');
        assert.equal(metadata.labels?.['cluster.x-k8s.io/v1beta2'], served);
      }
    });

    it('let the core manager reach every kind through its aggregated role', async () => {
      const definitions = await definitionsOf(file);
      const role = (await objectsOf(file)).find(({ kind }) => kind === 'ClusterRole');
      assert.equal(role?.metadata.labels?.['cluster.x-k8s.io/aggregate-to-manager'], 'true');
      const rules = role?.rules as { apiGroups: string[]; resources: string[]; verbs: string[] }[];
      for (const { spec } of definitions) {
        const rule = rules.find(({ resources }) => resources.includes(spec.names.plural));
        assert.deepEqual(rule?.apiGroups, [spec.group]);
        assert.deepEqual(rule?.verbs.slice(0, 3), ['get', 'list', 'watch']);
      }
      assert.ok(!JSON.stringify(rules).includes('*'));
    });
  });
}

describe('the cluster template of the local provider', () => {
  const file = join(sources, 'infrastructure-local/cluster-template.yaml');

  it('refers to its objects by group, kind and name, as contract v1beta2 wants', async () => {
    const [cluster, ...parts] = await objectsOf('infrastructure-local/cluster-template.yaml');
    const spec = cluster?.spec as Record<string, { apiGroup: string; kind: string; name: string }>;
    for (const field of ['infrastructureRef', 'controlPlaneRef']) {
      const { apiGroup, kind, name } = spec[field] ?? {};
      const part = parts.find(each => each.kind === kind);
      assert.equal(part?.apiVersion, `${apiGroup}/v1alpha1`);
      assert.equal(part?.metadata.name, name);
    }
  });

  it('has a default for every variable that neither clusterctl nor its configuration sets', async () => {
    const text = (await readFile(file, 'utf8')).replaceAll(/^#.*$/gm, '');
    const set = ['CLUSTER_NAME', 'NAMESPACE', ...Object.keys(clusterctlConfig(from, undefined))];
    const bare = [...text.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name ?? '');
    assert.deepEqual(
      bare.filter(name => !set.includes(name)),
      [],
    );
    const defaults = [...text.matchAll(/\$\{(\w+):=([^}]*)\}/g)].map(([, ...pair]) => pair);
    assert.deepEqual(defaults, [
      ['WORKER_MACHINE_COUNT', '2'],
      ['NODE_LABELS', 'null'],
    ]);
  });
});

const from = {
  directory: '/somewhere',
  clusterApiVersion: 'v1.2.3',
  kubernetesVersion: 'v1.36.3',
};

describe('clusterctlConfig', () => {
  it('names files only', () => {
    const { providers, 'cert-manager': certManager } = clusterctlConfig(from, '/dist/addon.yaml');
    const urls = [...providers, certManager].map(({ url }) => url);
    assert.equal(urls.length, 5);
    for (const url of urls) assert.ok(url.startsWith('file:///'), url);
  });

  it('offers the add-on only when it is built', () => {
    const names = (addon?: string) =>
      clusterctlConfig(from, addon).providers.map(({ type }) => type);
    assert.ok(!names().includes('AddonProvider'));
    assert.ok(names('/dist/addon.yaml').includes('AddonProvider'));
  });
});

describe('buildClusterctlRepository', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'clusterctl-repository-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  /** Stands in for `kubectl kustomize`, which renders a module that unit tests need not have. */
  async function sourcesIn(path: string) {
    const kubectl = join(path, 'kubectl');
    await writeFile(kubectl, '#!/bin/sh\necho "{kind: Issuer, metadata: {name: x}}"\n', {
      mode: 0o755,
    });
    await writeFile(join(path, 'metadata.yaml'), 'kind: Metadata\n');
    return { ...from, directory: join(path, 'repository'), kubectl, clusterApiModule: path };
  }

  it('lays out every file that clusterctl.yaml names, each beside its metadata', async () => {
    const { config, hasAddon } = await buildClusterctlRepository(await sourcesIn(directory));
    assert.equal(hasAddon, false);
    const { providers } = parse(await readFile(config, 'utf8')) as { providers: { url: string }[] };
    assert.equal(providers.length, 3);
    for (const { url } of providers) {
      const path = fileURLToPath(url);
      const beside = await readdir(join(path, '..'));
      assert.ok(beside.includes('metadata.yaml') && beside.includes(path.split('/').at(-1) ?? ''));
    }
  });

  it('takes the newest add-on', async () => {
    for (const version of ['v0.9.0', 'v0.10.0'])
      await mkdir(join(directory, 'built/addon-clusternet', version), { recursive: true });
    const addonDirectory = join(directory, 'built');
    const { config, hasAddon } = await buildClusterctlRepository({
      ...(await sourcesIn(directory)),
      addonDirectory,
    });
    assert.equal(hasAddon, true);
    assert.match(
      await readFile(config, 'utf8'),
      /addon-clusternet\/v0\.10\.0\/addon-components\.yaml/,
    );
  });
});
