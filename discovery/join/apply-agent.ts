import type { KubeObject } from '../../api/kube-object.ts';
import { apiVersionOf, type Resource } from '../../api/resource.ts';
import { creators } from '../../api/well-known.ts';
import { ApiError, isForbidden } from '../../kube/api-error.ts';
import { builtin } from '../../kube/builtin.ts';
import type { Deployment } from '../../kube/builtin-kinds.ts';
import type { KubeClient } from '../../kube/client.ts';
import { listAt, textAt, valueAt } from '../capi/fields.ts';
import { Blocked } from './blocked.ts';

const resources = Object.values(builtin) as unknown as readonly Resource[];

/** Applies the agent's objects into the child, workloads last; a count of replicas that somebody scaled by hand is left alone. */
export async function applyAgent(
  child: KubeClient,
  objects: readonly KubeObject[],
  signal: AbortSignal,
): Promise<void> {
  const stages = [
    objects.filter(object => object.kind === 'Namespace'),
    objects.filter(object => object.kind !== 'Namespace' && object.kind !== 'Deployment'),
    objects.filter(object => object.kind === 'Deployment'),
  ];
  for (const stage of stages)
    await Promise.all(stage.map(object => applyObject(child, object, signal)));
}

async function applyObject(
  child: KubeClient,
  object: KubeObject,
  signal: AbortSignal,
): Promise<void> {
  const desired =
    object.kind === 'Deployment' ? await withoutScaledReplicas(child, object, signal) : object;
  const apply = () =>
    child.apply(
      resourceOf(object),
      desired,
      { fieldManager: creators.discovery, force: true },
      signal,
    );
  try {
    await apply();
  } catch (error) {
    if (!(await removeOldBinding(child, object, error, signal))) throw explain(error, object);
    await apply();
  }
}

/** Kubernetes does not let a binding change its role: when deployerRole of the policy does, the binding has to be made anew. */
async function removeOldBinding(
  child: KubeClient,
  object: KubeObject,
  error: unknown,
  signal: AbortSignal,
): Promise<boolean> {
  if (!object.kind.endsWith('RoleBinding') || !(error instanceof ApiError) || error.code !== 422)
    return false;
  const { namespace, name = '' } = object.metadata;
  const live = await child.find(resourceOf(object), { namespace, name }, signal);
  const same = textAt(live, 'roleRef', 'name') === textAt(object, 'roleRef', 'name');
  if (live?.metadata.uid === undefined || same) return false;
  await child.delete(resourceOf(object), { namespace, name }, { uid: live.metadata.uid }, signal);
  return true;
}

async function withoutScaledReplicas(
  child: KubeClient,
  object: KubeObject,
  signal: AbortSignal,
): Promise<KubeObject> {
  const { namespace, name = '' } = object.metadata;
  const live = await child.find(builtin.deployments, { namespace, name }, signal);
  const isScaled = listAt(live, 'metadata', 'managedFields').some(
    entry =>
      textAt(entry, 'subresource') === 'scale' &&
      valueAt(entry, 'fieldsV1', 'f:spec', 'f:replicas') !== undefined,
  );
  if (!isScaled) return object;
  const { replicas: _, ...spec } = (object as Deployment).spec ?? {};
  return { ...object, spec } as KubeObject;
}

/** Where the objects of a kind live, for the kinds an agent is made of. */
export function resourceOf(object: KubeObject): Resource {
  const resource = resources.find(
    candidate => candidate.kind === object.kind && apiVersionOf(candidate) === object.apiVersion,
  );
  if (resource === undefined)
    throw new Error(
      `the agent's manifest has a ${object.apiVersion} ${object.kind}, which is not known here`,
    );
  return resource;
}

/** A refusal by the child is for its administrators to mend; anything else is a failure to reach it. */
function explain(error: unknown, { kind, metadata }: KubeObject): unknown {
  if (!(error instanceof ApiError) || error.code === 401) return error;
  const name = `${kind} ${metadata.name}`;
  if (isForbidden(error) && !isAdmission(error))
    return Blocked.by(
      'AgentApplied',
      'Forbidden',
      `the kubeconfig of the cluster does not allow to apply ${name}: ${error.message}`,
      'refusal',
      { cause: error },
    );
  if (isAdmission(error) || error.code === 422 || error.code === 400)
    return Blocked.by(
      'AgentApplied',
      'AdmissionDenied',
      `the cluster refuses ${name}: ${error.message}`,
      'refusal',
      { cause: error },
    );
  return error;
}

/** Webhooks, policies, quotas and PodSecurity all answer 403 or 400 in words of their own. */
function isAdmission(error: ApiError): boolean {
  return /admission|denied the request|violates PodSecurity|exceeded quota|ValidatingAdmissionPolicy/i.test(
    error.message,
  );
}
