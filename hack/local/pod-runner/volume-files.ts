import type { FieldFile, KeyToPath, Pod, ProjectedSource, Volume } from './pod.ts';
import { podField } from './pod-field.ts';
import { PodNotStartable, type PodSources, type SourceData } from './pod-sources.ts';

/** Files of a volume by their path in it. */
export type VolumeFiles = ReadonlyMap<string, { readonly content: Buffer; readonly mode: number }>;

/**
 * The files of a volume made of API objects; undefined for an emptyDir, whose files are the pod's own.
 * Throws PodNotStartable when it refers to something that does not exist and is not optional.
 */
export async function volumeFiles(
  pod: Pod,
  volume: Volume,
  sources: PodSources,
  signal: AbortSignal,
): Promise<VolumeFiles | undefined> {
  const { secret, configMap, downwardAPI, projected } = volume;
  if (secret) {
    const source = { secret: { ...secret, name: secret.secretName } };
    return filesOf(pod, [source], secret.defaultMode, sources, signal);
  }
  if (configMap) return filesOf(pod, [{ configMap }], configMap.defaultMode, sources, signal);
  if (downwardAPI) return filesOf(pod, [{ downwardAPI }], downwardAPI.defaultMode, sources, signal);
  if (projected) {
    return filesOf(pod, projected.sources ?? [], projected.defaultMode, sources, signal);
  }
  return undefined;
}

async function filesOf(
  pod: Pod,
  projections: readonly ProjectedSource[],
  defaultMode: number | undefined,
  sources: PodSources,
  signal: AbortSignal,
): Promise<VolumeFiles> {
  const files = await Promise.all(
    projections.map(projection => projectedFiles(pod, projection, sources, signal)),
  );
  const entries = files
    .flat()
    .map(({ path, content, mode = defaultMode ?? 0o644 }) => [path, { content, mode }] as const);
  return new Map(entries);
}

interface VolumeFile {
  readonly path: string;
  readonly content: Buffer;
  /** Absent means the volume's default. */
  readonly mode?: number | undefined;
}

async function projectedFiles(
  pod: Pod,
  { secret, configMap, downwardAPI, serviceAccountToken }: ProjectedSource,
  sources: PodSources,
  signal: AbortSignal,
): Promise<VolumeFile[]> {
  if (secret) return selected('secret', secret, await sources.secret(secret.name, signal));
  if (configMap) {
    return selected('configmap', configMap, await sources.configMap(configMap.name, signal));
  }
  if (serviceAccountToken) {
    const token = await sources.token(serviceAccountToken, signal);
    return [{ path: serviceAccountToken.path, content: Buffer.from(token), mode: 0o600 }];
  }
  return (downwardAPI?.items ?? []).map(item => ({
    path: item.path,
    content: Buffer.from(fieldOf(pod, item)),
    mode: item.mode,
  }));
}

interface Selection {
  readonly name: string;
  readonly items?: readonly KeyToPath[];
  readonly optional?: boolean;
}

function selected(
  kind: string,
  { name, items, optional }: Selection,
  data: SourceData | undefined,
): VolumeFile[] {
  if (data === undefined) {
    if (optional) return [];
    throw mountError(`${kind} "${name}" not found`);
  }
  const wanted: readonly KeyToPath[] = items ?? Object.keys(data).map(key => ({ key, path: key }));
  return wanted.flatMap(({ key, path, mode }) => {
    const content = data[key];
    if (content !== undefined) return [{ path, content, mode }];
    if (optional) return [];
    throw mountError(`${kind} "${name}" has no key ${key}`);
  });
}

function fieldOf(pod: Pod, { path, fieldRef }: FieldFile): string {
  const value = fieldRef && podField(pod, fieldRef.fieldPath);
  if (value === undefined) {
    throw mountError(`file ${path}: ${fieldRef?.fieldPath ?? 'resourceFieldRef'} is not supported`);
  }
  return value;
}

// The reason that a kubelet shows while a volume cannot be mounted.
function mountError(message: string): PodNotStartable {
  return new PodNotStartable('ContainerCreating', message);
}
