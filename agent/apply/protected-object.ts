import type { KubeObject } from '../../api/kube-object.ts';
import { namespaces } from '../../api/well-known.ts';
import { groupOf } from './object-id.ts';

/** Namespaces and API groups that hold the parent itself together. */
const protectedNamespace =
  /^(clusternet-.*|capi-.*|.*-(bootstrap|control-plane)-system|kube-system)$/;
const protectedGroup = /(^|\.)(clusternet\.io|cluster\.x-k8s\.io)$/;

/**
 * Why an object is out of bounds for the agent of the parent itself, or undefined when it is not: a Subscription
 * that selects the parent by accident must not be able to take the parent apart.
 */
export function whyProtected({ apiVersion, kind, metadata }: KubeObject): string | undefined {
  const { namespace = '', name = '' } = metadata;
  const where = kind === 'Namespace' && apiVersion === 'v1' ? name : namespace;
  if (protectedNamespace.test(where) || where === namespaces.system) {
    return `namespace ${where} belongs to the parent cluster itself`;
  }
  const group = groupOf(apiVersion);
  const defines = kind === 'CustomResourceDefinition' ? name.slice(name.indexOf('.') + 1) : group;
  return protectedGroup.test(defines)
    ? `objects of ${defines} belong to the parent cluster itself`
    : undefined;
}
