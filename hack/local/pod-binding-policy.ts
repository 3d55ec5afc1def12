import type { DynamicObject, KubeObject } from '../../api/kube-object.ts';
import type { Resource } from '../../api/resource.ts';
import { builtin } from '../../kube/builtin.ts';
import type { KubeClient } from '../../kube/client.ts';
import { sleep } from '../../kube/sleep.ts';

/** API servers apply admission policies in no certain order; this one leaves pods alone that another has put on a node. */
const podBindingPolicy = 'local-pods-to-fake-nodes';

const fieldManager = 'local';
const policies = admissionResource('mutatingadmissionpolicies', 'MutatingAdmissionPolicy');
const bindings = admissionResource(
  'mutatingadmissionpolicybindings',
  'MutatingAdmissionPolicyBinding',
);

/**
 * Stands in for a scheduler: puts every pod that names no node on `nodeName` at its creation, except that a DaemonSet's pod
 * goes where its node affinity says. Returns when the API server applies it, which takes it a moment.
 */
export async function bindPodsTo(
  client: KubeClient,
  nodeName: string,
  signal: AbortSignal,
): Promise<void> {
  const options = { fieldManager, force: true };
  await client.apply(policies, policy(nodeName), options, signal);
  await client.apply(bindings, binding(), options, signal);
  while ((await nodeOfNewPod(client, signal)) !== nodeName) await sleep(100, signal);
}

/** Takes the policy away: pods that name no node stay Pending. */
export async function bindPodsNowhere(client: KubeClient, signal: AbortSignal): Promise<void> {
  await client.delete(bindings, { name: podBindingPolicy }, {}, signal);
  await client.delete(policies, { name: podBindingPolicy }, {}, signal);
}

const affinity = 'object.spec.?affinity.?nodeAffinity';
const terms = `${affinity}.?requiredDuringSchedulingIgnoredDuringExecution.?nodeSelectorTerms`;

/** The DaemonSet controller asks for a node by a single matchFields entry on metadata.name. */
function targetExpression(nodeName: string): string {
  const fields = `${terms}.orValue([]).map(term, term.?matchFields.orValue([]))`;
  const named = `${fields}.filter(list, list.exists(field, field.key == "metadata.name"))`;
  return `size(${named}) > 0 ? ${named}[0][0].values[0] : ${JSON.stringify(nodeName)}`;
}

function policy(nodeName: string): KubeObject {
  return object('MutatingAdmissionPolicy', {
    matchConstraints: {
      resourceRules: [
        { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] },
      ],
    },
    matchConditions: [{ name: 'names-no-node', expression: '!has(object.spec.nodeName)' }],
    variables: [{ name: 'target', expression: targetExpression(nodeName) }],
    failurePolicy: 'Fail',
    reinvocationPolicy: 'Never',
    mutations: [
      {
        patchType: 'ApplyConfiguration',
        applyConfiguration: { expression: 'Object{spec: Object.spec{nodeName: variables.target}}' },
      },
    ],
  });
}

function binding(): KubeObject {
  return object('MutatingAdmissionPolicyBinding', { policyName: podBindingPolicy });
}

function object(kind: string, spec: object): KubeObject {
  const apiVersion = 'admissionregistration.k8s.io/v1';
  return { apiVersion, kind, metadata: { name: podBindingPolicy }, spec } as DynamicObject;
}

function admissionResource(plural: string, kind: string): Resource {
  return { group: 'admissionregistration.k8s.io', version: 'v1', plural, kind, namespaced: false };
}

/** Asks the API server, without creating anything, where it would put a pod. */
async function nodeOfNewPod(client: KubeClient, signal: AbortSignal): Promise<string | undefined> {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'where-would-it-go', namespace: 'default' },
    spec: { containers: [{ name: 'none', image: 'none' }] },
  };
  const options = { fieldManager, dryRun: true };
  const answer = await client.apply(builtin.pods, pod, options, signal);
  return answer.spec?.nodeName;
}
