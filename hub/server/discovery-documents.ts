import { socketsApi } from './route.ts';

const groupVersion = `${socketsApi.group}/${socketsApi.version}`;
const proxyVerbs = ['create', 'delete', 'get', 'patch', 'update'] as const;

interface ServedResource {
  readonly name: string;
  readonly kind: string;
  readonly verbs: readonly string[];
}

/** No list and no watch: otherwise the parent's garbage collector and quota controllers would keep watches on every hub. */
const served: readonly ServedResource[] = [
  { name: 'sockets', kind: 'Socket', verbs: ['get'] },
  { name: 'sockets/attach', kind: 'Socket', verbs: ['get'] },
  { name: 'sockets/credential', kind: 'SocketCredential', verbs: ['create'] },
  { name: 'sockets/predict', kind: 'Prediction', verbs: ['create'] },
  { name: 'sockets/proxy', kind: 'Socket', verbs: proxyVerbs },
];

/** `/apis`, as clients before aggregated discovery ask for it. */
export function groupList(): object {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: [groupFields()] };
}

/** `/apis/<group>`. */
export function group(): object {
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupFields() };
}

function groupFields(): object {
  const version = { groupVersion, version: socketsApi.version };
  return { name: socketsApi.group, versions: [version], preferredVersion: version };
}

/** `/apis/<group>/<version>`: what the parent checks before it calls the APIService available. */
export function resourceList(): object {
  const resources = served.map(({ name, kind, verbs }) => ({
    name,
    singularName: name === 'sockets' ? 'socket' : '',
    namespaced: false,
    kind,
    verbs,
    ...(name === 'sockets' ? { shortNames: ['ss'], categories: ['clusternet'] } : {}),
  }));
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources };
}

const aggregatedVersions = ['v2', 'v2beta1'] as const;

/** `/apis` in the aggregated form, when the client accepts one; undefined when it accepts only the plain list. */
export function aggregatedDiscovery(
  accept: string,
): { readonly body: object; readonly contentType: string } | undefined {
  const version = aggregatedVersions.find(v =>
    accept
      .split(',')
      .some(
        type =>
          type.includes('g=apidiscovery.k8s.io') &&
          type.includes('as=APIGroupDiscoveryList') &&
          new RegExp(`v=${v}(;|$)`).test(type.trim()),
      ),
  );
  if (version === undefined) return undefined;
  return {
    contentType: `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`,
    body: aggregatedList(`apidiscovery.k8s.io/${version}`),
  };
}

function aggregatedList(apiVersion: string): object {
  const responseKind = (kind: string) => ({
    group: socketsApi.group,
    version: socketsApi.version,
    kind,
  });
  const [socket, ...subresources] = served;
  const resource = {
    resource: 'sockets',
    singularResource: 'socket',
    scope: 'Cluster',
    shortNames: ['ss'],
    categories: ['clusternet'],
    responseKind: responseKind('Socket'),
    verbs: socket?.verbs,
    subresources: subresources.map(({ name, kind, verbs }) => ({
      subresource: name.slice('sockets/'.length),
      responseKind: responseKind(kind),
      verbs,
    })),
  };
  const versions = [{ version: socketsApi.version, freshness: 'Current', resources: [resource] }];
  const items = [{ metadata: { name: socketsApi.group }, versions }];
  return { kind: 'APIGroupDiscoveryList', apiVersion, metadata: {}, items };
}
