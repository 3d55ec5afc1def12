import { createHash } from 'node:crypto';
import { socketsApi } from './route.ts';

const base = `/apis/${socketsApi.group}/${socketsApi.version}`;
const tag = 'proxiesClusternetIo_v1alpha1';
const gvk = (kind: string) => ({ group: socketsApi.group, version: socketsApi.version, kind });

const definitions = {
  'io.clusternet.proxies.v1alpha1.Socket': {
    description: 'The way to one child cluster: its tunnel and the proxy through it.',
    type: 'object',
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
    },
    'x-kubernetes-group-version-kind': [gvk('Socket')],
  },
  'io.clusternet.proxies.v1alpha1.SocketCredential': {
    description: "A signed request for the child's credential in the parent, and its answer.",
    type: 'object',
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      spec: {
        type: 'object',
        required: ['publicKey', 'timestamp', 'nonce', 'signature'],
        properties: {
          publicKey: { type: 'string', description: 'P-256 public key, SPKI DER in base64.' },
          timestamp: { type: 'string', format: 'date-time' },
          nonce: { type: 'string' },
          signature: {
            type: 'string',
            description: 'ECDSA with SHA-256 (r and s side by side), base64.',
          },
        },
      },
      status: {
        type: 'object',
        properties: {
          token: { type: 'string' },
          expirationTimestamp: { type: 'string', format: 'date-time' },
          namespace: { type: 'string' },
          managedClusterName: { type: 'string' },
          caBundle: { type: 'string', format: 'byte' },
        },
      },
    },
    'x-kubernetes-group-version-kind': [gvk('SocketCredential')],
  },
  'io.clusternet.proxies.v1alpha1.Prediction': {
    description:
      "How many replicas fit into a child, as its predictor answers. The request's body is what one replica needs: " +
      'nodeSelector, tolerations, affinity and resources.',
    type: 'object',
    properties: {
      replicas: {
        type: 'object',
        description: 'By topology; default is the whole cluster.',
        additionalProperties: { type: 'integer', format: 'int32' },
      },
    },
    'x-kubernetes-group-version-kind': [gvk('Prediction')],
  },
} as const;

const id = { name: 'name', in: 'path', required: true, description: 'Cluster id.' };
const rest = { name: 'path', in: 'path', required: true, description: 'Path in the child.' };

interface Operation {
  readonly path: string;
  readonly method: string;
  readonly action: string;
  readonly kind: keyof typeof definitions;
  readonly parameters: readonly object[];
}

const socketKind = 'io.clusternet.proxies.v1alpha1.Socket' as const;
const credentialKind = 'io.clusternet.proxies.v1alpha1.SocketCredential' as const;
const predictionKind = 'io.clusternet.proxies.v1alpha1.Prediction' as const;
const methods = ['get', 'post', 'put', 'patch', 'delete'] as const;

const operations: readonly Operation[] = [
  {
    path: `${base}/sockets/{name}`,
    method: 'get',
    action: 'get',
    kind: socketKind,
    parameters: [id],
  },
  {
    path: `${base}/sockets/{name}/attach`,
    method: 'get',
    action: 'connect',
    kind: socketKind,
    parameters: [id],
  },
  {
    path: `${base}/sockets/{name}/credential`,
    method: 'post',
    action: 'post',
    kind: credentialKind,
    parameters: [id],
  },
  {
    path: `${base}/sockets/{name}/predict`,
    method: 'post',
    action: 'post',
    kind: predictionKind,
    parameters: [id],
  },
  ...methods.map(method => ({
    path: `${base}/sockets/{name}/proxy/{path}`,
    method,
    action: 'connect',
    kind: socketKind,
    parameters: [id, rest],
  })),
];

/** `/openapi/v3/apis/<group>/<version>`: what `kubectl explain` and schema-driven clients read. */
export function openApiV3(): object {
  return {
    openapi: '3.0.0',
    info: { title: 'Clusternet sockets', version: socketsApi.version },
    paths: paths(({ kind, parameters }) => ({
      parameters: parameters.map(p => ({ ...p, schema: { type: 'string' } })),
      responses: {
        200: {
          description: 'OK',
          content: { 'application/json': { schema: { $ref: `#/components/schemas/${kind}` } } },
        },
      },
    })),
    components: { schemas: definitions },
  };
}

/** `/openapi/v2`, for clients that still read the old form. */
export function openApiV2(): object {
  return {
    swagger: '2.0',
    info: { title: 'Clusternet sockets', version: socketsApi.version },
    paths: paths(({ kind, parameters }) => ({
      produces: ['application/json'],
      parameters: parameters.map(p => ({ ...p, type: 'string' })),
      responses: { 200: { description: 'OK', schema: { $ref: `#/definitions/${kind}` } } },
    })),
    definitions,
  };
}

/** `/openapi/v3`: one document, named with its hash so that clients may keep it for ever. */
export function openApiIndex(): object {
  const hash = createHash('sha256').update(JSON.stringify(openApiV3())).digest('hex').toUpperCase();
  const path = base.slice(1);
  return { paths: { [path]: { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` } } };
}

function paths(body: (operation: Operation) => object): Record<string, Record<string, object>> {
  const result: Record<string, Record<string, object>> = {};
  for (const operation of operations) {
    const { path, method, action, kind } = operation;
    const name = path.split('/').at(-1)?.replaceAll(/[{}]/g, '') ?? '';
    result[path] = {
      ...result[path],
      [method]: {
        operationId: `${action}${method}${tag}${name}`,
        tags: [tag],
        'x-kubernetes-action': action,
        'x-kubernetes-group-version-kind': gvk(kind.split('.').at(-1) ?? ''),
        ...body(operation),
      },
    };
  }
  return result;
}
