import type { Pod } from './pod.ts';

/** The value of a downward API field path, such as `metadata.labels['app']`; undefined for a path there is no value at. */
export function podField(pod: Pod, path: string): string | undefined {
  const { metadata, spec, status } = pod;
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (keyed?.[1] && keyed[2])
    return metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2]] ?? '';
  switch (path) {
    case 'metadata.name':
      return metadata.name;
    case 'metadata.namespace':
      return metadata.namespace;
    case 'metadata.uid':
      return metadata.uid;
    case 'metadata.labels':
      return lines(metadata.labels);
    case 'metadata.annotations':
      return lines(metadata.annotations);
    case 'spec.nodeName':
      return spec.nodeName;
    case 'spec.serviceAccountName':
      return spec.serviceAccountName;
    case 'status.hostIP':
      return status?.hostIP;
    case 'status.podIP':
      return status?.podIP;
    case 'status.podIPs':
      return status?.podIPs?.map(({ ip }) => ip).join(',');
    default:
      return undefined;
  }
}

function lines(entries: Readonly<Record<string, string>> = {}): string {
  return Object.keys(entries)
    .sort()
    .map(key => `${key}=${JSON.stringify(entries[key])}`)
    .join('\n');
}
