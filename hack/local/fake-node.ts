import { builtin } from '../../kube/builtin.ts';
import type { Node } from '../../kube/builtin-kinds.ts';
import type { KubeClient } from '../../kube/client.ts';

/** A worker node that kwok plays: it runs nothing, but looks and answers like a node. */
export interface FakeNode {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Cores, bytes and pods as Kubernetes quantities; 8 cores, 32 GiB and 110 pods by default. */
  readonly capacity?: { readonly cpu?: string; readonly memory?: string; readonly pods?: string };
  readonly taints?: readonly { key: string; value?: string; effect: string }[];
  readonly providerID?: string;
}

/** kwok plays the nodes that carry this annotation, and only those. */
export const fakeNodeAnnotation = { key: 'kwok.x-k8s.io/node', value: 'fake' } as const;

const fieldManager = 'local';

/** Creates or updates a fake node. `kubeletVersion` is what it claims to run, usually the cluster's version. */
export async function applyFakeNode(
  client: KubeClient,
  node: FakeNode,
  kubeletVersion: string,
  signal: AbortSignal,
): Promise<void> {
  const options = { fieldManager, force: true };
  await client.apply(builtin.nodes, nodeObject(node), options, signal);
  const status = { ...nodeObject(node), ...nodeStatus(node, kubeletVersion) };
  await client.apply(builtin.nodes, status, { ...options, subresource: 'status' }, signal);
}

function nodeObject({ name, labels, taints, providerID }: FakeNode): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      annotations: { [fakeNodeAnnotation.key]: fakeNodeAnnotation.value },
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        ...labels,
      },
    },
    spec: { ...(taints && { taints }), ...(providerID && { providerID }) } as Node['spec'] & object,
  };
}

function nodeStatus({ capacity }: FakeNode, kubeletVersion: string) {
  const resources = { cpu: '8', memory: '32Gi', pods: '110', ...capacity };
  return {
    status: { capacity: resources, allocatable: resources, nodeInfo: nodeInfo(kubeletVersion) },
  };
}

// All fields of nodeInfo are required; the kubelet of such a node is kwok.
function nodeInfo(kubeletVersion: string) {
  return {
    architecture: 'amd64',
    bootID: '',
    containerRuntimeVersion: 'kwok://',
    kernelVersion: 'none',
    kubeProxyVersion: '',
    kubeletVersion,
    machineID: '',
    operatingSystem: 'linux',
    osImage: 'none (played by kwok)',
    systemUUID: '',
  };
}
