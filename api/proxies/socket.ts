import type { KubeObject } from '../kube-object.ts';
import type { Resource } from '../resource.ts';

/** The connection to one child, named by its cluster id; served by the hub, stored nowhere. */
export interface Socket extends KubeObject {
  readonly path?: string;
}

export const sockets: Resource<Socket> = {
  group: 'proxies.clusternet.io',
  version: 'v1alpha1',
  plural: 'sockets',
  kind: 'Socket',
  namespaced: false,
};
