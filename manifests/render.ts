import { Document, isScalar, Scalar, visit } from 'yaml';
import { customKinds } from '../api/custom-kinds.ts';
import type { DynamicObject, KubeObject } from '../api/kube-object.ts';
import { addOnNodeLabelRule } from '../api/node-labels.ts';
import { namespaces } from '../api/well-known.ts';
import { selfAgentObjects } from './agent.ts';
import { childAccessObjects } from './child-access.ts';
import { nothing, variable } from './component.ts';
import { customResourceDefinition } from './custom-resource-definition.ts';
import { discoveryObjects } from './discovery.ts';
import { hubObjects } from './hub.ts';
import { namespaceObject } from './namespace.ts';
import { schedulerObjects } from './scheduler.ts';

/** The image of every component; overrides for private registries replace all before the tag. */
export function imageOf(version: string): string {
  return `ghcr.io/clusternet/clusternet:v${version}`;
}

/** What the parent consists of, without the CustomResourceDefinitions. */
export function parentObjects(version: string): readonly DynamicObject[] {
  const namespace = namespaces.system;
  const image = imageOf(version);
  return [
    namespaceObject(namespace),
    ...childAccessObjects(),
    ...hubObjects(namespace, image),
    ...schedulerObjects(namespace, image),
    ...discoveryObjects(namespace, image),
    ...selfAgentObjects({
      namespace,
      image,
      replicas: variable('CLUSTERNET_SELF_AGENT', '1'),
      deployerRole: 'Workloads',
      extraArgs: addOnNodeLabelRule.prefixes.map(prefix => `--labels-aggregate-prefix=${prefix}`),
    }),
  ];
}

/** addon-components.yaml of the clusterctl repository; variables are left for clusterctl to fill in. */
export function renderAddonComponents(version: string): string {
  return toYaml([...customKinds.map(customResourceDefinition), ...parentObjects(version)]);
}

/** The same for plain `kubectl apply`, defaults filled in: first crds.yaml, then components.yaml. */
export function renderPlainManifests(version: string): ReadonlyMap<string, string> {
  return new Map([
    ['crds.yaml', toYaml(customKinds.map(customResourceDefinition))],
    ['components.yaml', withDefaults(toYaml(parentObjects(version)))],
  ]);
}

/** metadata.yaml of the clusterctl repository: every minor version ever released, newest first. */
export function renderClusterctlMetadata(): string {
  return toYaml([
    {
      apiVersion: 'clusterctl.cluster.x-k8s.io/v1alpha3',
      kind: 'Metadata',
      releaseSeries: releaseSeries.map(([major, minor]) => ({ major, minor, contract: 'v1beta2' })),
    } as unknown as KubeObject,
  ]);
}

/** clusterctl refuses to plan upgrades in a cluster that runs a version this list has forgotten. */
const releaseSeries: readonly (readonly [major: number, minor: number])[] = [[0, 1]];

function toYaml(objects: readonly KubeObject[]): string {
  return objects
    .map(object => {
      const document = new Document(object, { aliasDuplicateObjects: false });
      quoteVariables(document);
      return document.toString({ lineWidth: 0 });
    })
    .join('---\n');
}

/** A variable in the place of a text must stay a text whatever it is set to; replicas are numbers. */
function quoteVariables(document: Document): void {
  visit(document, {
    Pair(_, { key, value }) {
      const isCount = isScalar(key) && key.value === 'replicas';
      if (isScalar(value) && String(value.value).startsWith('${') && !isCount) {
        value.type = Scalar.QUOTE_DOUBLE;
      }
    },
  });
}

function withDefaults(yaml: string): string {
  return yaml.replaceAll(nothing, '').replaceAll(/\$\{[A-Z_]+:=([^}]*)\}/g, '$1');
}
