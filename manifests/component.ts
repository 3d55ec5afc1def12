import type { DynamicObject } from '../api/kube-object.ts';
import type { Toleration } from '../api/taint.ts';

/** A value that is filled in when manifests are installed, as clusterctl writes it: `${NAME:=default}`. */
export type Variable = `\${${string}:=${string}}`;

/** Stands for nothing: clusterctl takes an empty default for a missing one, and this variable nobody sets. */
export const nothing = `\${CLUSTERNET_NOTHING}`;

export function variable(name: `CLUSTERNET_${string}`, fallback: string): Variable {
  return `\${${name}:=${fallback || nothing}}`;
}

/** A port a component listens on. */
export interface ComponentPort {
  readonly name: string;
  readonly port: number;
}

/** What tells the Deployments of our components apart. */
export interface Component {
  /** The word after `clusternet` on the command line. */
  readonly component: string;
  readonly namespace: string;
  readonly image: string;
  readonly replicas: number | Variable;
  readonly serviceAccount: string;
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  /** The port named `health` answers /livez and /readyz. */
  readonly ports: readonly ComponentPort[];
  /** `Recreate` for what must not run twice even while it is replaced. */
  readonly strategy: 'Recreate' | 'RollingUpdate';
  readonly requests: Readonly<Record<'cpu' | 'memory', string>>;
  readonly tolerations?: readonly Toleration[];
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly imagePullSecrets?: readonly { readonly name: string }[];
}

/** Control planes often have no other nodes than their own. */
const controlPlaneTolerations: readonly Toleration[] = [
  { key: 'node-role.kubernetes.io/control-plane', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node-role.kubernetes.io/master', operator: 'Exists', effect: 'NoSchedule' },
];

/** Labels that find the pods of a component. */
export function componentLabels(component: string): Readonly<Record<string, string>> {
  return { 'app.kubernetes.io/name': 'clusternet', 'app.kubernetes.io/component': component };
}

/** The Deployment of a component: one locked-down container named `manager`, as clusterctl expects. */
export function componentDeployment(options: Component): DynamicObject {
  const { component, namespace, replicas, strategy } = options;
  const labels = componentLabels(component);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace, name: `clusternet-${component}`, labels },
    spec: {
      replicas,
      strategy: { type: strategy },
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: podSpec(options) },
    },
  };
}

function podSpec(options: Component): Readonly<Record<string, unknown>> {
  const { serviceAccount, tolerations = [], nodeSelector, imagePullSecrets } = options;
  return {
    serviceAccountName: serviceAccount,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65532,
      runAsGroup: 65532,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    tolerations: [...controlPlaneTolerations, ...tolerations],
    ...(nodeSelector !== undefined && { nodeSelector }),
    ...(imagePullSecrets !== undefined && { imagePullSecrets }),
    containers: [container(options)],
  };
}

function container(options: Component): Readonly<Record<string, unknown>> {
  const { component, image, args = [], env = [], ports, requests } = options;
  return {
    name: 'manager',
    image,
    args: [component, ...args],
    env: [
      fromField('POD_NAMESPACE', 'metadata.namespace'),
      fromField('POD_NAME', 'metadata.name'),
      fromField('POD_UID', 'metadata.uid'),
      ...env,
    ],
    ports: ports.map(({ name, port }) => ({ name, containerPort: port })),
    livenessProbe: { ...probe('/livez'), periodSeconds: 10, failureThreshold: 6 },
    readinessProbe: { ...probe('/readyz'), periodSeconds: 2 },
    resources: { requests },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
  };
}

function fromField(name: string, fieldPath: string): Readonly<Record<string, unknown>> {
  return { name, valueFrom: { fieldRef: { fieldPath } } };
}

function probe(path: string): Readonly<Record<string, unknown>> {
  return { httpGet: { path, port: 'health' }, timeoutSeconds: 5 };
}
