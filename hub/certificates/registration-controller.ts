import { isDeepStrictEqual } from 'node:util';
import { clusterRoles, secretNames } from '../../api/well-known.ts';
import { builtin } from '../../kube/builtin.ts';
import type { ApiService, Secret } from '../../kube/builtin-kinds.ts';
import type { Controller } from '../../reconcile/controller.ts';
import type { Informer } from '../../reconcile/informer.ts';
import type { Runtime } from '../../reconcile/runtime.ts';
import { watchObjects } from '../../reconcile/source.ts';
import { socketsApi } from '../server/route.ts';
import { fromSecret, rotate, rotationStep, trustBundle } from './certificate-set.ts';
import { ensureCertificateSet, storeCertificateSet } from './certificate-store.ts';

/** The Service by which the parent's API server reaches the hub. */
export interface HubService {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

export const apiServiceName = `${socketsApi.version}.${socketsApi.group}`;
const hourMs = 3_600_000;

/** The names the serving certificate is for; the parent's API server asks for the first. */
export function serviceDnsNames({ namespace, name }: HubService): string[] {
  const host = `${name}.${namespace}.svc`;
  return [host, `${host}.cluster.local`];
}

/** The Secret with the hub's key material, watched alone among the Secrets of its namespace. */
export function certificateInformer(
  runtime: Pick<Runtime, 'cache'>,
  namespace: string,
): Informer<Secret> {
  const fieldSelector = `metadata.name=${secretNames.hubTls}`;
  return runtime.cache.informer(builtin.secrets, { namespace, fieldSelector });
}

/** Rotates the hub's certificates and keeps its APIService registered with the bundle that verifies them. */
export function apiRegistrationController(runtime: Runtime, service: HubService): Controller {
  const { cache, client, clock, logger } = runtime;
  const { namespace } = service;
  const dnsNames = serviceDnsNames(service);
  const secrets = certificateInformer(runtime, namespace);
  const fieldSelector = `metadata.name=${apiServiceName}`;
  const apiServices = cache.informer(builtin.apiServices, { fieldSelector });

  const currentSet = async (signal: AbortSignal) => {
    const secret = secrets.get({ namespace, name: secretNames.hubTls });
    const set = fromSecret(secret);
    if (secret === undefined || set === undefined) {
      return ensureCertificateSet(client, namespace, dnsNames, clock.now());
    }
    const step = rotationStep(set, dnsNames, clock.now());
    if (step === 'none') return set;
    logger.info({ step }, 'rotating certificates');
    const rotated = await rotate(set, step, dnsNames, clock.now());
    await storeCertificateSet(client, secret, rotated, signal);
    return rotated;
  };

  return {
    name: 'api-registration',
    concurrency: 1,
    sources: [
      watchObjects(secrets, { enqueue: () => [apiServiceName] }),
      watchObjects(apiServices, { enqueue: () => [apiServiceName] }),
    ],
    async reconcile(_key, signal) {
      const set = await currentSet(signal);
      const owner = await client.find(builtin.clusterRoles, { name: clusterRoles.hub }, signal);
      const desired = apiService(service, trustBundle(set), owner?.metadata.uid);
      if (!isRegistered(apiServices.get({ name: apiServiceName }), desired)) {
        const options = { fieldManager: 'clusternet-hub', force: true };
        await client.apply(builtin.apiServices, desired, options, signal);
      }
      return { requeueAfterMs: hourMs };
    },
  };
}

/** Whether the parent has it so already: a restart with nothing to do writes nothing. */
function isRegistered(found: ApiService | undefined, wanted: ApiService): boolean {
  const [owner] = wanted.metadata.ownerReferences ?? [];
  const owned = found?.metadata.ownerReferences?.some(({ uid }) => uid === owner?.uid) ?? false;
  const present = found?.spec;
  return (
    present?.caBundle === wanted.spec.caBundle &&
    isDeepStrictEqual(present?.service, wanted.spec.service) &&
    (owner === undefined || owned)
  );
}

/** Owned by the hub's ClusterRole when there is one, so that removing the add-on collects it. */
function apiService(
  service: HubService,
  bundle: string,
  roleUid: string | undefined,
): ApiService & { spec: { insecureSkipTLSVerify: boolean } } {
  const owner = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    name: clusterRoles.hub,
  };
  return {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: {
      name: apiServiceName,
      ...(roleUid === undefined ? {} : { ownerReferences: [{ ...owner, uid: roleUid }] }),
    },
    spec: {
      group: socketsApi.group,
      version: socketsApi.version,
      groupPriorityMinimum: 1_000,
      versionPriority: 100,
      service: { namespace: service.namespace, name: service.name, port: service.port },
      caBundle: Buffer.from(bundle).toString('base64'),
      insecureSkipTLSVerify: false,
    },
  };
}
