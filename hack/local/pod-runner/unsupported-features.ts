import type { Container, Pod } from './pod.ts';

const volumeKinds = ['emptyDir', 'secret', 'configMap', 'downwardAPI', 'projected'];
const containerFields = ['lifecycle', 'stdin', 'tty', 'volumeDevices'];

/** The fields of a pod that ask for what the runner cannot give. Empty means that the pod can run. */
export function unsupportedFeatures({ spec }: Pod): string[] {
  return [
    ...(spec.initContainers?.length ? ['spec.initContainers'] : []),
    ...(spec.volumes ?? []).flatMap((volume, index) =>
      fieldsOf(volume, `spec.volumes[${index}]`, kind => ![...volumeKinds, 'name'].includes(kind)),
    ),
    ...spec.containers.flatMap((container, index) =>
      containerFeatures(container, `spec.containers[${index}]`),
    ),
  ];
}

function containerFeatures(container: Container, at: string): string[] {
  const probes = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const;
  return [
    ...fieldsOf(container, at, field => containerFields.includes(field)),
    ...(container.volumeMounts ?? []).flatMap((mount, index) =>
      fieldsOf(mount, `${at}.volumeMounts[${index}]`, field => field === 'subPathExpr'),
    ),
    ...probes.flatMap(probe =>
      fieldsOf(container[probe] ?? {}, `${at}.${probe}`, field => field === 'grpc'),
    ),
  ];
}

function fieldsOf(object: object, at: string, wanted: (field: string) => boolean): string[] {
  return Object.keys(object)
    .filter(wanted)
    .map(field => `${at}.${field}`);
}
