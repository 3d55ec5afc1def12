import { join } from 'node:path';
import type { CertificateFiles } from './certificates.ts';
import { type Slot, slotPorts } from './slot.ts';

/** Flags by name without dashes; `undefined` takes a flag out. */
export type Flags = Readonly<Record<string, string | number | boolean | undefined>>;

/** Flags that a test adds to ours or puts in their place. */
export interface FlagOverrides {
  readonly etcd?: Flags;
  readonly apiServer?: Flags;
  readonly controllerManager?: Flags;
}

/** What the flags of a control plane depend on. */
export interface ControlPlaneLayout {
  readonly name: string;
  readonly slot: Slot;
  readonly directory: string;
  readonly certificates: CertificateFiles;
}

export const goEnvironment = { GOMAXPROCS: '2' } as const;

/** The controllers that clusters without kubelets and clouds have a use for; all others only cost memory and start time. */
const controllers = [
  'certificatesigningrequest-approving-controller',
  'certificatesigningrequest-cleaner-controller',
  'certificatesigningrequest-signing-controller',
  'clusterrole-aggregation-controller',
  'daemonset-controller',
  'deployment-controller',
  'disruption-controller',
  'endpointslice-controller',
  'garbage-collector-controller',
  'job-controller',
  'namespace-controller',
  'node-lifecycle-controller',
  'replicaset-controller',
  'resourcequota-controller',
  'root-ca-certificate-publisher-controller',
  'serviceaccount-controller',
  'serviceaccount-token-controller',
  'statefulset-controller',
  'token-cleaner-controller',
  'ttl-after-finished-controller',
];

/** The command line of etcd. Its data survives our processes, not the machine's crash (no fsync). */
export function etcdArguments(layout: ControlPlaneLayout, overrides: Flags = {}): string[] {
  const { etcd, etcdCa } = layout.certificates;
  const client = `https://${layout.slot.endpoint('etcdClient')}`;
  const peer = `https://${layout.slot.endpoint('etcdPeer')}`;
  return formatFlags({
    name: layout.name,
    'data-dir': join(layout.directory, 'etcd'),
    'listen-client-urls': client,
    'advertise-client-urls': client,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': `${layout.name}=${peer}`,
    // Any user of the machine reaches loopback: only holders of our certificates may read the Secrets in there.
    'cert-file': etcd.certificate,
    'key-file': etcd.key,
    'client-cert-auth': true,
    'trusted-ca-file': etcdCa.certificate,
    'peer-cert-file': etcd.certificate,
    'peer-key-file': etcd.key,
    'peer-client-cert-auth': true,
    'peer-trusted-ca-file': etcdCa.certificate,
    'log-level': 'warn',
    'unsafe-no-fsync': true,
    'snapshot-count': 5000,
    'quota-backend-bytes': 1024 ** 3,
    'auto-compaction-mode': 'revision',
    'auto-compaction-retention': 1000,
    ...overrides,
  });
}

/** The command line of kube-apiserver. */
export function apiServerArguments(layout: ControlPlaneLayout, overrides: Flags = {}): string[] {
  const { slot, certificates } = layout;
  const address = slot.address(slotPorts.apiServer.host);
  return formatFlags({
    'etcd-servers': `https://${slot.endpoint('etcdClient')}`,
    'etcd-cafile': certificates.etcdCa.certificate,
    'etcd-certfile': certificates.etcdClient.certificate,
    'etcd-keyfile': certificates.etcdClient.key,
    'bind-address': address,
    'advertise-address': address,
    'secure-port': slotPorts.apiServer.port,
    // An Endpoints object may not hold a loopback address.
    'endpoint-reconciler-type': 'none',
    'service-cluster-ip-range': slot.serviceRange,
    'allow-privileged': true,
    'authorization-mode': 'Node,RBAC',
    'enable-bootstrap-token-auth': true,
    'client-ca-file': certificates.ca.certificate,
    'tls-cert-file': certificates.apiServer.certificate,
    'tls-private-key-file': certificates.apiServer.key,
    ...serviceAccountFlags(certificates),
    ...aggregationFlags(certificates),
    'kubelet-client-certificate': certificates.kubeletClient.certificate,
    'kubelet-client-key': certificates.kubeletClient.key,
    'enable-priority-and-fairness': false,
    'max-requests-inflight': 400,
    'max-mutating-requests-inflight': 200,
    // etcd compacts by revision instead.
    'etcd-compaction-interval': 0,
    'event-ttl': '15m',
    profiling: false,
    ...overrides,
  });
}

/** The command line of kube-controller-manager. */
export function controllerManagerArguments(
  layout: ControlPlaneLayout,
  kubeconfig: string,
  overrides: Flags = {},
): string[] {
  const { slot, certificates } = layout;
  return formatFlags({
    kubeconfig,
    'authentication-kubeconfig': kubeconfig,
    'authorization-kubeconfig': kubeconfig,
    'bind-address': slot.address(slotPorts.controllerManager.host),
    'secure-port': slotPorts.controllerManager.port,
    'cert-dir': join(layout.directory, 'kube-controller-manager'),
    'cluster-name': layout.name,
    controllers: controllers.join(','),
    'leader-elect': false,
    'use-service-account-credentials': true,
    'root-ca-file': certificates.ca.certificate,
    'service-account-private-key-file': certificates.serviceAccount.key,
    'cluster-signing-cert-file': certificates.ca.certificate,
    'cluster-signing-key-file': certificates.ca.key,
    'requestheader-client-ca-file': certificates.frontProxyCa.certificate,
    // kwok renews the Leases of its nodes every minute, which by default is ten seconds too late.
    'node-monitor-grace-period': '4m',
    'concurrent-gc-syncs': 4,
    'kube-api-qps': 50,
    'kube-api-burst': 100,
    profiling: false,
    ...overrides,
  });
}

function serviceAccountFlags(certificates: CertificateFiles): Flags {
  return {
    'service-account-issuer': 'https://kubernetes.default.svc.cluster.local',
    'service-account-key-file': certificates.serviceAccount.certificate,
    'service-account-signing-key-file': certificates.serviceAccount.key,
  };
}

// How aggregated API servers recognise this API server, and the names it hands to them.
function aggregationFlags(certificates: CertificateFiles): Flags {
  return {
    'requestheader-client-ca-file': certificates.frontProxyCa.certificate,
    'requestheader-allowed-names': 'front-proxy-client',
    'requestheader-username-headers': 'X-Remote-User',
    'requestheader-group-headers': 'X-Remote-Group',
    'requestheader-uid-headers': 'X-Remote-Uid',
    'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
    'proxy-client-cert-file': certificates.frontProxyClient.certificate,
    'proxy-client-key-file': certificates.frontProxyClient.key,
  };
}

function formatFlags(flags: Flags): string[] {
  return Object.entries(flags)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `--${name}=${value}`);
}
