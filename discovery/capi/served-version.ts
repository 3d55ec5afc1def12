import type { KubeObject } from '../../api/kube-object.ts';
import { isTrueAt, listAt, textAt } from './fields.ts';

/** The versions of Cluster that we can read, the preferred one first. */
export const readableVersions = ['v1beta2', 'v1beta1'] as const;
export type ReadableVersion = (typeof readableVersions)[number];

export type ServedVersion =
  | { readonly version: ReadableVersion }
  | {
      readonly version?: never;
      readonly reason: 'NotInstalled' | 'BeingRemoved' | 'VersionNotReadable' | 'NotAnswering';
      readonly message: string;
    };

/**
 * In which version to read Clusters, by what their CustomResourceDefinition says. A definition on its way out counts as gone at once:
 * the API server deletes every Cluster with it, and those deletions say nothing about the clusters.
 */
export function servedVersion(definition: KubeObject | undefined): ServedVersion {
  if (definition === undefined) {
    return {
      reason: 'NotInstalled',
      message:
        'Cluster API is not installed here (no CustomResourceDefinition clusters.cluster.x-k8s.io); clusters are found as soon as it is.',
    };
  }
  if (definition.metadata.deletionTimestamp !== undefined) {
    return {
      reason: 'BeingRemoved',
      message:
        'CustomResourceDefinition clusters.cluster.x-k8s.io is being deleted; every joined cluster is kept as it is.',
    };
  }
  const served = listAt(definition, 'spec', 'versions')
    .filter(version => isTrueAt(version, 'served'))
    .map(version => textAt(version, 'name'));
  const version = readableVersions.find(name => served.includes(name));
  if (version !== undefined) return { version };
  return {
    reason: 'VersionNotReadable',
    message: `Cluster API serves Clusters as ${served.join(', ') || 'no version'}; we read ${readableVersions.join(' and ')}. Upgrade Cluster API or Clusternet.`,
  };
}
