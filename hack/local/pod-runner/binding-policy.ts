import type { DynamicObject } from '../../../api/kube-object.ts';
import type { Resource } from '../../../api/resource.ts';
import type { KubeClient } from '../../../kube/client.ts';
import { sleep } from '../../../kube/sleep.ts';
import { type Pod, pods } from './pod.ts';
import { runnerTaint } from './runner-node.ts';

const name = 'known-images-to-pod-runner';
const fieldManager = 'pod-runner';

function admission(plural: string, kind: string): Resource<DynamicObject> {
  const group = 'admissionregistration.k8s.io';
  return { group, version: 'v1', plural, kind, namespaced: false };
}

const policies = admission('mutatingadmissionpolicies', 'MutatingAdmissionPolicy');
const bindings = admission('mutatingadmissionpolicybindings', 'MutatingAdmissionPolicyBinding');

/**
 * Has the API server bind new pods to the runner's node when all their images are known, and returns when it does: a pod
 * made before would go elsewhere for good.
 */
export async function bindKnownImages(
  client: KubeClient,
  nodeName: string,
  repositories: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const options = { fieldManager, force: true };
  await client.apply(policies, policyFor(nodeName, repositories), options, signal);
  const binding = { ...typeOf(bindings), metadata: { name }, spec: { policyName: name } };
  await client.apply(bindings, binding, options, signal);
  for (const repository of repositories) {
    while (!(await isBound(client, nodeName, `${repository}:probe`, signal))) {
      await sleep(100, signal);
    }
  }
}

/**
 * The MutatingAdmissionPolicy. An API server applies policies in no certain order, so it must not matter whether the one
 * that puts pods on fake nodes comes before: this one has the last word on pods of known images, whatever node they name.
 */
export function policyFor(nodeName: string, repositories: readonly string[]): DynamicObject {
  const known = repositories
    .map(
      text =>
        `c.image == '${text}' || c.image.startsWith('${text}:') || c.image.startsWith('${text}@')`,
    )
    .join(' || ');
  const toleration = `Object.spec.tolerations{key: '${runnerTaint.key}', operator: 'Exists', effect: '${runnerTaint.effect}'}`;
  const patch = [
    `JSONPatch{op: 'add', path: '/spec/nodeName', value: '${nodeName}'}`,
    `has(object.spec.tolerations)
      ? JSONPatch{op: 'add', path: '/spec/tolerations/-', value: ${toleration}}
      : JSONPatch{op: 'add', path: '/spec/tolerations', value: [${toleration}]}`,
  ];
  const pod = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] };
  return {
    ...typeOf(policies),
    metadata: { name },
    spec: {
      matchConstraints: { resourceRules: [pod] },
      matchConditions: [{ name: 'known', expression: `object.spec.containers.all(c, ${known})` }],
      failurePolicy: 'Fail',
      reinvocationPolicy: 'Never',
      mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: `[${patch.join(', ')}]` } }],
    },
  };
}

async function isBound(
  client: KubeClient,
  nodeName: string,
  image: string,
  signal: AbortSignal,
): Promise<boolean> {
  const body = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName: 'probe-', namespace: 'default' },
    spec: { containers: [{ name: 'probe', image }] },
  });
  const path = `/api/v1/namespaces/default/${pods.plural}?dryRun=All`;
  const headers = { 'content-type': 'application/json' };
  const pod = await client.requestJson<Pod>({ method: 'POST', path, headers, body }, signal);
  return pod.spec.nodeName === nodeName;
}

function typeOf({ group, version, kind }: Resource): { apiVersion: string; kind: string } {
  return { apiVersion: `${group}/${version}`, kind };
}
