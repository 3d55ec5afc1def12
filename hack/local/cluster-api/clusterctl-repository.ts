import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { parseAllDocuments, stringify } from 'yaml';
import type { DynamicObject } from '../../../api/kube-object.ts';
import { writeFileAtomically } from '../atomic-file.ts';
import { ensureServingCertificate } from '../serving-certificate.ts';
import { completeCoreComponents, coreWebhookService } from './core-components.ts';

/** Versions under which the parts that are ours stand in the repository. */
const localProviderVersion = 'v0.1.0';
const certManagerVersion = 'v1.18.0';

const sources = join(import.meta.dirname, 'repository');

export interface RepositorySources {
  /** Where the repository and clusterctl.yaml are written. */
  readonly directory: string;
  readonly kubectl: string;
  /** The source of the Go module sigs.k8s.io/cluster-api, and its version (`v1.14.2`). */
  readonly clusterApiModule: string;
  readonly clusterApiVersion: string;
  /** Default of the variable KUBERNETES_VERSION. */
  readonly kubernetesVersion: string;
  /** `<directory>/addon-clusternet/<version>/addon-components.yaml`, when our add-on is built. */
  readonly addonDirectory?: string;
}

/** A clusterctl repository of files only. */
export interface ClusterctlRepository {
  /** clusterctl.yaml: the value of `clusterctl --config`. */
  readonly config: string;
  /** Whether `clusterctl init --addon clusternet` can work. */
  readonly hasAddon: boolean;
}

/** Writes the offline repository of Cluster API, of the local provider and, when it is built, of our add-on. */
export async function buildClusterctlRepository(
  from: RepositorySources,
): Promise<ClusterctlRepository> {
  const addon = from.addonDirectory && (await newestAddon(from.addonDirectory));
  await Promise.all([
    writeCore(from),
    copyProvider(from.directory, 'infrastructure-local', [
      'infrastructure-components.yaml',
      'cluster-template.yaml',
    ]),
    copyProvider(from.directory, 'control-plane-local', ['control-plane-components.yaml']),
    copy(from.directory, 'cert-manager', 'cert-manager.yaml', certManagerVersion),
  ]);
  const config = join(from.directory, 'clusterctl.yaml');
  writeFileAtomically(config, stringify(clusterctlConfig(from, addon)));
  return { config, hasAddon: addon !== undefined };
}

/** The content of clusterctl.yaml; every address in it is a file. */
export function clusterctlConfig(
  from: Pick<RepositorySources, 'directory' | 'clusterApiVersion' | 'kubernetesVersion'>,
  addon: string | undefined,
) {
  const url = (...path: string[]) => pathToFileURL(join(from.directory, ...path)).href;
  const local = (label: string, file: string) => url(label, localProviderVersion, file);
  return {
    KUBERNETES_VERSION: from.kubernetesVersion,
    overridesFolder: join(from.directory, 'overrides'),
    'cert-manager': {
      version: certManagerVersion,
      url: url('cert-manager', certManagerVersion, 'cert-manager.yaml'),
    },
    providers: [
      {
        name: 'cluster-api',
        type: 'CoreProvider',
        url: url('cluster-api', from.clusterApiVersion, 'core-components.yaml'),
      },
      {
        name: 'local',
        type: 'InfrastructureProvider',
        url: local('infrastructure-local', 'infrastructure-components.yaml'),
      },
      {
        name: 'local',
        type: 'ControlPlaneProvider',
        url: local('control-plane-local', 'control-plane-components.yaml'),
      },
      ...(addon === undefined
        ? []
        : [{ name: 'clusternet', type: 'AddonProvider', url: pathToFileURL(addon).href }]),
    ],
  };
}

async function writeCore(from: RepositorySources): Promise<void> {
  const target = join(from.directory, 'cluster-api', from.clusterApiVersion);
  const { stdout } = await execa(from.kubectl, [
    'kustomize',
    join(from.clusterApiModule, 'core/config/default'),
  ]);
  const rendered = parseAllDocuments(stdout).map(document => document.toJS() as DynamicObject);
  const host = `${coreWebhookService.name}.${coreWebhookService.namespace}.svc`;
  const certificate = await ensureServingCertificate(join(from.directory, 'webhook-certificate'), {
    commonName: coreWebhookService.name,
    names: [host, `${host}.cluster.local`],
  });
  const components = completeCoreComponents(rendered, certificate, from.clusterApiVersion);
  writeFileAtomically(
    join(target, 'core-components.yaml'),
    components.map(object => stringify(object, { aliasDuplicateObjects: false })).join('---\n'),
  );
  await copyFile(join(from.clusterApiModule, 'metadata.yaml'), join(target, 'metadata.yaml'));
}

async function copyProvider(directory: string, label: string, files: string[]): Promise<void> {
  await Promise.all(files.map(file => copy(directory, label, file, localProviderVersion)));
  await copyFile(
    join(sources, 'metadata.yaml'),
    join(directory, label, localProviderVersion, 'metadata.yaml'),
  );
}

async function copy(directory: string, label: string, file: string, version: string) {
  const target = join(directory, label, version);
  await mkdir(target, { recursive: true });
  await copyFile(join(sources, label, file), join(target, file));
}

async function newestAddon(directory: string): Promise<string | undefined> {
  const versions = await readdir(join(directory, 'addon-clusternet')).catch(() => []);
  const newest = versions.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
  return newest && join(directory, 'addon-clusternet', newest, 'addon-components.yaml');
}
