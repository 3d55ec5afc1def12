import type { Resource } from '../api/resource.ts';

export interface PathOptions {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly subresource?: string | undefined;
}

/** The URL path of a collection (no name), an object or its subresource; a namespace on a cluster-scoped kind is ignored. */
export function resourcePath(resource: Resource, options: PathOptions = {}): string {
  const { group, version, plural } = resource;
  const parts = group === '' ? ['api', version] : ['apis', group, version];
  if (resource.namespaced && options.namespace) parts.push('namespaces', options.namespace);
  parts.push(plural);
  if (options.name !== undefined) {
    if (options.name === '') throw new Error(`${resource.kind}: an object needs a name`);
    if (resource.namespaced && !options.namespace) {
      throw new Error(`${resource.kind} ${options.name}: metadata.namespace is required`);
    }
    parts.push(options.name);
    if (options.subresource) parts.push(...options.subresource.split('/'));
  }
  return `/${parts.map(encodeURIComponent).join('/')}`;
}
