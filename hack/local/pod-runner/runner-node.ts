import { cpus, totalmem } from 'node:os';
import { builtin } from '../../../kube/builtin.ts';
import type { KubeClient } from '../../../kube/client.ts';
import { sleep } from '../../../kube/sleep.ts';

const renewEveryMs = 10_000;
const leaseDurationSeconds = 40;
const controlPlaneRole = 'node-role.kubernetes.io/control-plane';
const fieldManager = 'pod-runner';

/** The label and taint that keep other pods away from the runner's node. */
export const runnerTaint = { key: controlPlaneRole, effect: 'NoSchedule' } as const;

/** Registers the runner's node and reports it ready. */
export async function registerNode(
  client: KubeClient,
  name: string,
  address: string,
  logPort: number,
  signal: AbortSignal,
): Promise<void> {
  const node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': process.arch === 'x64' ? 'amd64' : process.arch,
        [controlPlaneRole]: '',
      },
    },
    spec: { taints: [runnerTaint] },
  };
  await client.apply(builtin.nodes, node, { fieldManager, force: true }, signal);
  await renewLease(client, name, signal);
  const body = { status: nodeStatus(address, logPort, new Date().toISOString()) };
  const patch = { type: 'strategic' as const, body };
  await client.patch(builtin.nodes, { name }, patch, { subresource: 'status' }, signal);
}

/** Keeps the node's Lease fresh, so that the node stays ready, until the signal aborts. */
export async function renewNodeLease(
  client: KubeClient,
  name: string,
  log: (message: string) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await sleep(renewEveryMs, signal).catch(() => undefined);
    if (signal.aborted) return;
    await renewLease(client, name, signal).catch(error => {
      if (!signal.aborted) log(`cannot renew the lease of node ${name}: ${error.message}`);
    });
  }
}

function renewLease(client: KubeClient, name: string, signal: AbortSignal): Promise<unknown> {
  const lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace: 'kube-node-lease' },
    spec: {
      holderIdentity: name,
      leaseDurationSeconds,
      renewTime: new Date().toISOString().replace('Z', '000Z'),
    },
  };
  return client.apply(builtin.leases, lease, { fieldManager, force: true }, signal);
}

function nodeStatus(address: string, logPort: number, now: string) {
  const condition = (type: string, status: 'True' | 'False', reason: string, message: string) => ({
    type,
    status,
    reason,
    message,
    lastHeartbeatTime: now,
    lastTransitionTime: now,
  });
  const resources = {
    cpu: String(cpus().length),
    memory: `${Math.floor(totalmem() / 1024)}Ki`,
    pods: '110',
  };
  return {
    // No host name: the API server would rather look that up than take the address.
    addresses: [{ type: 'InternalIP', address }],
    daemonEndpoints: { kubeletEndpoint: { Port: logPort } },
    capacity: resources,
    allocatable: resources,
    conditions: [
      condition('Ready', 'True', 'PodRunnerReady', 'pods of known images run as local processes'),
      condition('MemoryPressure', 'False', 'NotMeasured', 'the pod runner does not measure it'),
      condition('DiskPressure', 'False', 'NotMeasured', 'the pod runner does not measure it'),
      condition('PIDPressure', 'False', 'NotMeasured', 'the pod runner does not measure it'),
    ],
  };
}
