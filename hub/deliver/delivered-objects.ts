import { createHash } from 'node:crypto';
import type { Base } from '../../api/apps/base.ts';
import type { Description } from '../../api/apps/description.ts';
import type { Manifest } from '../../api/apps/manifest.ts';
import type { Subscription } from '../../api/apps/subscription.ts';
import type { ManagedCluster } from '../../api/clusters/managed-cluster.ts';
import type { DynamicObject } from '../../api/kube-object.ts';
import { isLabelValue } from '../../api/label-syntax.ts';
import { annotations, creators, finalizers, labels } from '../../api/well-known.ts';

/**
 * The name of a Subscription's Base in every cluster's namespace: the same whoever computes it, so that two hubs or two runs can only
 * ever make one. With `-generic` behind it, it still fits a label.
 */
export function baseName({ metadata }: Subscription): string {
  const digits = createHash('sha256')
    .update(metadata.uid ?? '')
    .digest('hex');
  const readable = (metadata.name ?? '').slice(0, 46).replace(/[^a-z0-9]+$/, '');
  return `${readable}-${digits.slice(0, 8)}`;
}

/** What one cluster is given, before it is rendered. */
export function baseFor(subscription: Subscription, cluster: ManagedCluster): Base {
  const { name = '', namespace = '', uid = '' } = subscription.metadata;
  const isInit = subscription.metadata.annotations?.[annotations.isDefaultClusterInit];
  return {
    apiVersion: 'apps.clusternet.io/v1alpha1',
    kind: 'Base',
    metadata: {
      name: baseName(subscription),
      namespace: cluster.metadata.namespace ?? '',
      labels: {
        ...clusterLabels(cluster),
        ...subscriptionLabels(subscription),
        ...labelIfFits(labels.configName, name),
        [labels.configKind]: 'Subscription',
        [labels.configNamespace]: namespace,
        [labels.configUid]: uid,
      },
      ...(isInit === undefined
        ? {}
        : { annotations: { [annotations.isDefaultClusterInit]: isInit } }),
    },
    spec: { feeds: subscription.spec.feeds },
  };
}

/** What the agent applies. It begins with the finalizer, so that it never vanishes unseen with objects still in the child. */
export function descriptionFor(
  subscription: Subscription,
  cluster: ManagedCluster,
  base: Base,
  raw: readonly string[],
): Description {
  const { name = '', namespace = '', uid = '' } = base.metadata;
  return {
    apiVersion: 'apps.clusternet.io/v1alpha1',
    kind: 'Description',
    metadata: {
      name: `${name}-generic`,
      namespace,
      labels: {
        ...clusterLabels(cluster),
        ...subscriptionLabels(subscription),
        [labels.configKind]: 'Base',
        [labels.configName]: name,
        [labels.configNamespace]: namespace,
        [labels.configUid]: uid,
      },
      finalizers: [finalizers.apps],
      ownerReferences: [
        {
          apiVersion: base.apiVersion,
          kind: base.kind,
          name,
          uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: { deployer: 'Generic', raw },
  };
}

/**
 * A Description as it is kept in memory: with a digest in place of the rendered objects, which would otherwise be held once per
 * cluster.
 */
export function withRawDigest(description: Description): Description {
  const { raw = [] } = description.spec;
  const hash = createHash('sha256');
  for (const each of raw) hash.update(`${each.length} ${each}`);
  const { managedFields: _, ...metadata } = description.metadata;
  const spec = { ...description.spec, raw: [hash.digest('base64')] };
  return { ...description, metadata, spec };
}

function clusterLabels({ metadata, spec }: ManagedCluster): Record<string, string> {
  return {
    [labels.createdBy]: creators.hub,
    [labels.clusterId]: spec.clusterId,
    ...labelIfFits(labels.clusterName, metadata.name ?? ''),
  };
}

function subscriptionLabels({ metadata }: Subscription): Record<string, string> {
  const { name = '', namespace = '', uid = '' } = metadata;
  return {
    ...labelIfFits(labels.subscriptionName, name),
    [labels.subscriptionNamespace]: namespace,
    [labels.subscriptionUid]: uid,
  };
}

/** Names may be longer than a label; who looks for such an object finds it by UID. */
function labelIfFits(key: string, value: string): Record<string, string> {
  return isLabelValue(value) ? { [key]: value } : {};
}

/** Metadata that belongs to one server's copy of an object. */
const serverFields = [
  'managedFields',
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'generation',
  'selfLink',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
] as const;

const rendered = new WeakMap<Manifest, string>();

/** The object of a Manifest as it goes to a child: JSON in base64, whole but for status and what only its server knows. */
export function rawOf(manifest: Manifest): string {
  const known = rendered.get(manifest);
  if (known !== undefined) return known;
  const raw = render(manifest);
  rendered.set(manifest, raw);
  return raw;
}

function render({ template }: Manifest): string {
  const { status: _, ...object } = template;
  const metadata: Record<string, unknown> = { ...object.metadata };
  for (const field of serverFields) delete metadata[field];
  const clean: Omit<DynamicObject, 'metadata'> & { metadata: unknown } = { ...object, metadata };
  return Buffer.from(JSON.stringify(clean)).toString('base64');
}
