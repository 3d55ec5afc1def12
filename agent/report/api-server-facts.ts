import type { ManagedClusterStatus } from '../../api/clusters/managed-cluster.ts';
import type { KubeClient } from '../../kube/client.ts';

/** What the child's API server says of itself. */
export type ApiServerFacts = Required<Pick<ManagedClusterStatus, 'healthz' | 'livez' | 'readyz'>> &
  Pick<ManagedClusterStatus, 'k8sVersion' | 'platform'>;

/** Asks the API server for its version and health; what it does not answer counts as not healthy. */
export async function readApiServerFacts(
  child: KubeClient,
  signal: AbortSignal,
): Promise<ApiServerFacts> {
  const [healthz, livez, readyz, version] = await Promise.all([
    answers200(child, '/healthz', signal),
    answers200(child, '/livez', signal),
    answers200(child, '/readyz', signal),
    readVersion(child, signal),
  ]);
  return { healthz, livez, readyz, ...version };
}

async function answers200(child: KubeClient, path: string, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await child.request({ method: 'GET', path, bodyTimeoutMs: 10_000 }, signal);
    await response.body.text();
    return response.statusCode === 200;
  } catch {
    return false;
  }
}

async function readVersion(
  child: KubeClient,
  signal: AbortSignal,
): Promise<Pick<ApiServerFacts, 'k8sVersion' | 'platform'>> {
  try {
    const { gitVersion, platform } = await child.requestJson<{
      gitVersion: string;
      platform: string;
    }>({ method: 'GET', path: '/version' }, signal);
    return { k8sVersion: gitVersion, platform };
  } catch {
    return {};
  }
}
