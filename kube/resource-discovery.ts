import type { KubeObject } from '../api/kube-object.ts';
import type { Resource } from '../api/resource.ts';
import { isNotFound } from './api-error.ts';
import type { KubeClient } from './client.ts';

interface ApiResourceList {
  readonly resources?: readonly {
    readonly name: string;
    readonly kind: string;
    readonly namespaced: boolean;
  }[];
}

interface GroupVersion {
  readonly readAt: number;
  readonly kinds: Promise<ReadonlyMap<string, Resource>>;
}

/** A kind may have been installed a moment ago; a server is not asked about it more often than this. */
const rereadAfterMs = 1_000;

/** Finds where the objects of a kind live, from what the API server says it serves. */
export class ResourceDiscovery {
  readonly #client: KubeClient;
  readonly #groupVersions = new Map<string, GroupVersion>();

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /** Undefined when the server does not serve the kind (now). */
  async resourceFor(
    type: Pick<KubeObject, 'apiVersion' | 'kind'>,
    signal?: AbortSignal,
  ): Promise<Resource | undefined> {
    const known = this.#groupVersions.get(type.apiVersion);
    const found = (await known?.kinds.catch(() => undefined))?.get(type.kind);
    if (found !== undefined) return found;
    const fresh = known !== undefined && performance.now() - known.readAt < rereadAfterMs;
    const { kinds } = fresh ? known : this.#read(type.apiVersion, signal);
    return (await kinds).get(type.kind);
  }

  #read(apiVersion: string, signal?: AbortSignal): GroupVersion {
    const kinds = this.#fetch(apiVersion, signal);
    const entry = { readAt: performance.now(), kinds };
    this.#groupVersions.set(apiVersion, entry);
    // A failure is the caller's to see, and not to be remembered.
    kinds.catch(() => {
      if (this.#groupVersions.get(apiVersion) === entry) this.#groupVersions.delete(apiVersion);
    });
    return entry;
  }

  async #fetch(apiVersion: string, signal?: AbortSignal): Promise<ReadonlyMap<string, Resource>> {
    const [first = '', second] = apiVersion.split('/');
    const [group, version] = second === undefined ? ['', first] : [first, second];
    const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
    try {
      const list = await this.#client.requestJson<ApiResourceList>({ method: 'GET', path }, signal);
      return kindsIn(group, version, list);
    } catch (error) {
      if (isNotFound(error)) return new Map();
      throw error;
    }
  }
}

function kindsIn(group: string, version: string, list: ApiResourceList): Map<string, Resource> {
  const kinds = new Map<string, Resource>();
  for (const { name, kind, namespaced } of list.resources ?? []) {
    const isSubresource = name.includes('/');
    if (!isSubresource) kinds.set(kind, { group, version, plural: name, kind, namespaced });
  }
  return kinds;
}
