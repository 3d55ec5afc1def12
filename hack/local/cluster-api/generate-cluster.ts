import { stringify } from 'yaml';
import { type Clusterctl, runClusterctl } from './clusterctl.ts';

/** One cluster to be made from the local provider's template. */
export interface ClusterRequest {
  readonly name: string;
  readonly namespace?: string;
  readonly workers?: number;
  /** The version in clusterctl.yaml by default. */
  readonly kubernetesVersion?: string;
  /** Labels of every worker node. */
  readonly nodeLabels?: Readonly<Record<string, string>>;
}

/** What `clusterctl generate cluster` prints for the request: YAML to apply. Also says how a user would type it. */
export async function generateCluster(
  clusterctl: Clusterctl,
  request: ClusterRequest,
  signal: AbortSignal,
): Promise<{ readonly command: string; readonly manifests: string }> {
  const args = generateArguments(request);
  const env = { NODE_LABELS: yamlMap(request.nodeLabels ?? {}) };
  const manifests = await runClusterctl(clusterctl, args, { env }, signal);
  const variables = request.nodeLabels === undefined ? '' : `NODE_LABELS='${env.NODE_LABELS}' `;
  return { command: `${variables}clusterctl ${args.join(' ')}`, manifests };
}

function generateArguments(request: ClusterRequest): string[] {
  const { name, namespace = 'default', workers = 2, kubernetesVersion } = request;
  return [
    'generate',
    'cluster',
    name,
    ...['--infrastructure', 'local'],
    ...['--target-namespace', namespace],
    ...['--worker-machine-count', String(workers)],
    ...(kubernetesVersion === undefined ? [] : ['--kubernetes-version', kubernetesVersion]),
  ];
}

function yamlMap(labels: Readonly<Record<string, string>>): string {
  return stringify(labels, { collectionStyle: 'flow', lineWidth: 0 }).trim();
}
