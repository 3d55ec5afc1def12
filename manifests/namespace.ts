import type { DynamicObject } from '../api/kube-object.ts';

/** The namespace of our components; their pods need no privilege, so it lets none with privileges in. */
export function namespaceObject(name: string): DynamicObject {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name,
      labels: { 'pod-security.kubernetes.io/enforce': 'restricted' },
    },
  };
}
