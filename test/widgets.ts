import type { KubeObject } from '../api/kube-object.ts';
import type { Resource } from '../api/resource.ts';

/** A kind that only tests know. */
export interface Widget extends KubeObject {
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
}

/** Where widgets live. */
export const widgets: Resource<Widget> = {
  group: 'test.clusternet.io',
  version: 'v1',
  plural: 'widgets',
  kind: 'Widget',
  namespaced: true,
};

/** A widget in namespace `default`. */
export function widget(name: string, spec: Widget['spec'] = {}, metadata: object = {}): Widget {
  return {
    apiVersion: 'test.clusternet.io/v1',
    kind: 'Widget',
    metadata: { namespace: 'default', name, ...metadata },
    spec,
  };
}
