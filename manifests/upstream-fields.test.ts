import assert from 'node:assert/strict';
import { customKinds } from '../api/custom-kinds.ts';
import { customResourceDefinition } from './custom-resource-definition.ts';
import { type SchemaField, schemaFields } from './schema-fields.ts';

/** Types of Kubernetes that upstream embeds, by the fields a client can set. */
const embedded: Record<string, string> = {
  Feed: `
    apiVersion! string
    kind! string
    namespace string
    name! string`,
  Condition: `
    type! string
    status! string True|False|Unknown
    reason! string
    message! string
    lastTransitionTime! string:date-time
    observedGeneration integer:int64`,
  LabelSelector: `
    matchLabels{} string
    matchExpressions[].key! string
    matchExpressions[].operator! string
    matchExpressions[].values[] string`,
  Taint: `
    key! string
    value string
    effect! string
    timeAdded string:date-time`,
  Toleration: `
    key string
    operator string
    value string
    effect string
    tolerationSeconds integer:int64`,
  NodeSelectorTerm: `
    matchExpressions[].key! string
    matchExpressions[].operator! string
    matchExpressions[].values[] string
    matchFields[].key! string
    matchFields[].operator! string
    matchFields[].values[] string`,
  PreferredSchedulingTerm: `
    weight! integer:int32
    preference! NodeSelectorTerm`,
  TopologySpreadConstraint: `
    maxSkew! integer:int32
    topologyKey! string
    whenUnsatisfiable! string
    labelSelector LabelSelector
    minDomains integer:int32
    nodeAffinityPolicy string
    nodeTaintsPolicy string
    matchLabelKeys[] string`,
  PodAffinityTerm: `
    topologyKey! string
    labelSelector LabelSelector
    namespaceSelector LabelSelector
    namespaces[] string
    matchLabelKeys[] string
    mismatchLabelKeys[] string`,
  PodAffinity: `
    requiredDuringSchedulingIgnoredDuringExecution[] PodAffinityTerm
    preferredDuringSchedulingIgnoredDuringExecution[].weight! integer:int32
    preferredDuringSchedulingIgnoredDuringExecution[].podAffinityTerm! PodAffinityTerm`,
  Affinity: `
    nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms![] NodeSelectorTerm
    nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[] PreferredSchedulingTerm
    podAffinity PodAffinity
    podAntiAffinity PodAffinity`,
  ResourceRequirements: `
    limits{} quantity
    requests{} quantity
    claims[].name! string
    claims[].request string`,
  ReplicaStatus: `
    observedGeneration integer:int64
    replicas integer:int32
    updatedReplicas integer:int32
    currentReplicas integer:int32
    readyReplicas integer:int32
    availableReplicas integer:int32
    unavailableReplicas integer:int32
    active integer:int32
    succeeded integer:int32
    failed integer:int32`,
  HelmOptions: `
    repo! string
    chart! string
    version string
    chartPullSecret.name string
    chartPullSecret.namespace string
    plainHTTP boolean
    createNamespace boolean =true
    timeoutSeconds integer:int32 =300
    wait boolean
    waitForJob boolean
    replace boolean
    atomic boolean
    upgradeAtomic boolean
    skipCRDs boolean
    replaceCRDs boolean
    disableHooks boolean
    force boolean
    targetNamespace! string`,
  Overrides: `
    overridePolicy string ApplyNow|ApplyLater =ApplyLater
    priority integer:int32 =500
    feed Feed
    overrides[].name string
    overrides[].value! string
    overrides[].type! string Helm|JSONPatch|MergePatch|FieldJSONPatch|FieldMergePatch
    overrides[].overrideChart boolean
    overrides[].fieldPath string
    overrides[].fieldFormat string YAML|JSON`,
};

/** What a user of upstream may write or read, kind by kind; kept by hand. */
const upstream: Record<string, string> = {
  ClusterRegistrationRequest: `
    spec!.clusterId! string
    spec!.clusterType string
    spec!.clusterName string
    spec!.clusterNamespace string
    spec!.clusterLabels{} string
    spec!.syncMode string Push|Pull|Dual =Pull
    status.dedicatedNamespace string
    status.token string:byte
    status.caCertificate string:byte
    status.result string
    status.errorMessage string
    status.managedClusterName string`,
  ManagedCluster: `
    spec!.clusterId! string
    spec!.clusterType string
    spec!.clusterInitBaseName string
    spec!.syncMode! string Push|Pull|Dual
    spec!.taints[] Taint
    status.lastObservedTime string:date-time
    status.k8sVersion string
    status.agentVersion string
    status.platform string
    status.apiserverURL string
    status.healthz boolean
    status.livez boolean
    status.readyz boolean
    status.appPusher boolean
    status.useSocket boolean
    status.kubeQPS number:float
    status.kubeBurst integer:int32
    status.allocatable{} quantity
    status.capacity{} quantity
    status.clusterCIDR string
    status.serviceCIDR string
    status.nodeStatistics.readyNodes integer:int32
    status.nodeStatistics.notReadyNodes integer:int32
    status.nodeStatistics.unknownNodes integer:int32
    status.nodeStatistics.lostNodes integer:int32
    status.podStatistics.runningPods integer:int32
    status.podStatistics.totalPods integer:int32
    status.resourceUsage.cpuUsage quantity
    status.resourceUsage.memoryUsage quantity
    status.conditions[] Condition
    status.heartbeatFrequencySeconds integer:int64
    status.predictorEnabled boolean
    status.predictorAddress string
    status.predictorDirectAccess boolean`,
  Subscription: `
    spec!.schedulerName string =default
    spec!.schedulingBySubGroup boolean
    spec!.schedulingStrategy string Replication|Dividing =Replication
    spec!.dividingScheduling.type! string Static|Dynamic =Static
    spec!.dividingScheduling.dynamicDividing.strategy! string Spread|Binpack =Spread
    spec!.dividingScheduling.dynamicDividing.topologySpreadConstraints[] TopologySpreadConstraint
    spec!.dividingScheduling.dynamicDividing.preferredClusters[] PreferredSchedulingTerm
    spec!.dividingScheduling.dynamicDividing.minClusters integer:int32
    spec!.dividingScheduling.dynamicDividing.maxClusters integer:int32
    spec!.priority integer:int32
    spec!.preemptionPolicy string PreemptLowerPriority|PreemptNever =PreemptLowerPriority
    spec!.subscribers![].clusterAffinity! LabelSelector
    spec!.subscribers![].weight integer:int32
    spec!.subscribers![].subGroupStrategy.minClusters integer:int32
    spec!.clusterTolerations[] Toleration
    spec!.feeds![] Feed
    status.bindingClusters[] string
    status.replicas{}[] integer:int32
    status.specHash integer:int64
    status.desiredReleases integer:int64
    status.completedReleases integer:int64
    status.aggregatedStatuses[] Feed
    status.aggregatedStatuses[].feedStatusSummary.available boolean
    status.aggregatedStatuses[].feedStatusSummary.replicaStatus ReplicaStatus
    status.aggregatedStatuses[].feedStatusDetails[].clusterId string
    status.aggregatedStatuses[].feedStatusDetails[].clusterName string
    status.aggregatedStatuses[].feedStatusDetails[].available boolean
    status.aggregatedStatuses[].feedStatusDetails[].replicaStatus ReplicaStatus`,
  Base: 'spec!.feeds![] Feed',
  Description: `
    spec!.deployer! string Helm|Generic
    spec!.charts[].namespace! string
    spec!.charts[].name! string
    spec!.raw[] string:byte
    spec!.chartRaw[] string:byte
    status.phase string Pending|Success|Failure|Installing|Upgrading|Uninstalling|Superseded|Unknown
    status.reason string
    status.manifestStatuses[] Feed
    status.manifestStatuses[].observedStatus anything`,
  Manifest: 'template! anything',
  HelmChart: `
    spec! HelmOptions
    status.phase string Found|NotFound
    status.reason string`,
  HelmRelease: `
    spec! HelmOptions
    spec!.releaseName string
    spec!.overrides string:byte
    status.firstDeployed string
    status.lastDeployed string
    status.description string
    status.phase string
    status.notes string
    status.version integer:int64`,
  Localization: 'spec! Overrides',
  Globalization: `
    spec! Overrides
    spec!.clusterAffinity LabelSelector`,
  FeedInventory: `
    spec!.feeds![] Feed
    spec!.feeds![].desiredReplicas integer:int32
    spec!.feeds![].replicaRequirements.nodeSelector{} string
    spec!.feeds![].replicaRequirements.tolerations[] Toleration
    spec!.feeds![].replicaRequirements.affinity Affinity
    spec!.feeds![].replicaRequirements.resources ResourceRequirements
    spec!.feeds![].replicaJsonPath string`,
  ServiceExport: 'status.conditions[] Condition',
  ServiceImport: `
    spec.ips[] string
    spec.ports![].port! integer:int32
    spec.ports![].name string
    spec.ports![].protocol string
    spec.ports![].appProtocol string
    spec.type! string ClusterSetIP|Headless
    spec.sessionAffinity string
    spec.sessionAffinityConfig.clientIP.timeoutSeconds integer:int32
    status.clusters[].cluster! string`,
};

/** What we added on purpose, kind by kind. */
const additions: Record<string, string> = {
  ClusterRegistrationRequest: 'spec!.publicKey string',
  ManagedCluster: 'status.nodeLabels{} string',
  Subscription: `
    spec!.rebalance.policy! string Never|OnChange|Schedule =Never
    spec!.rebalance.schedule string
    spec!.rebalance.timeZone string
    spec!.rebalance.window string
    status.lastRebalanceTime string:date-time
    status.failover.evictions![].cluster! string
    status.failover.evictions![].reason! string NotReady|Tainted
    status.failover.evictions![].startTime! string:date-time
    status.failover.replacements![].cluster! string
    status.failover.replacements![].joined boolean
    status.failover.replacements![].replicas{} integer:int32
    status.conditions[] Condition`,
  Description: 'status.conditions[] Condition',
};

/** Words we accept where upstream does not, because its documentation or its code uses them. */
const widened: Record<string, readonly string[]> = {
  'Subscription spec!.preemptionPolicy': ['Never'],
};

const names = ['kind', 'version', 'plural', 'shortNames', 'scope', 'status', 'columns'] as const;
const table = `
  ClusterRegistrationRequest v1beta1 clusterregistrationrequests clsrr Cluster status CLUSTER ID=.spec.clusterId;STATUS=.status.result;AGE
  ManagedCluster v1beta1 managedclusters mcls Namespaced status CLUSTER ID=.spec.clusterId;CLUSTER TYPE/100=.spec.clusterType;SYNC MODE=.spec.syncMode;KUBERNETES=.status.k8sVersion;STATUS=.status.conditions[?(@.type=='Ready')].status;AGE;AGENT VERSION/100=.status.agentVersion
  Subscription v1alpha1 subscriptions sub,subs Namespaced status AGE
  Base v1alpha1 bases - Namespaced - AGE
  Description v1alpha1 descriptions desc Namespaced status DEPLOYER=.spec.deployer;STATUS=.status.phase;AGE
  Manifest v1alpha1 manifests - Namespaced - AGE
  HelmChart v1alpha1 helmcharts chart,charts Namespaced status CHART=.spec.chart;VERSION=.spec.version;REPO=.spec.repo;STATUS=.status.phase;AGE
  HelmRelease v1alpha1 helmreleases hr Namespaced status CHART=.spec.chart;VERSION=.spec.version;REPO=.spec.repo;STATUS=.status.phase;AGE
  Localization v1alpha1 localizations loc,local Namespaced - AGE
  Globalization v1alpha1 globalizations glob,global Cluster - AGE
  FeedInventory v1alpha1 feedinventories finv Namespaced - -
  ServiceExport v1alpha1 serviceexports svcex Namespaced status Age
  ServiceImport v1alpha1 serviceimports svcim Namespaced status Type=.spec.type;IP=.spec.ips;Age`;

interface Line extends SchemaField {
  readonly text: string;
}

function parse(text: string, prefix = ''): Line[] {
  return text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '')
    .flatMap(line => {
      const [path = '', type = '', ...rest] = line.split(' ');
      const here = prefix + path;
      const inner = embedded[type];
      if (inner !== undefined) return parse(inner, `${here}.`);
      const words = rest.find(word => !word.startsWith('='))?.split('|') ?? [];
      const fallback = rest.find(word => word.startsWith('='))?.slice(1);
      return [
        {
          text: line,
          path: here,
          type,
          words,
          ...(fallback !== undefined && { default: fallback }),
        },
      ];
    });
}

function crd(kind: string) {
  const found = customKinds.find(each => each.resource.kind === kind);
  assert.ok(found, `no kind ${kind}`);
  return customResourceDefinition(found);
}

describe("upstream's kinds", () => {
  for (const kind of Object.keys(upstream)) {
    it(`are kept: every field of ${kind} has the same name, type, default and words`, () => {
      const schema = crd(kind).spec.versions[0]?.schema.openAPIV3Schema ?? {};
      const ours = new Map(schemaFields(schema).map(field => [field.path, field]));
      for (const { text, ...field } of parse(upstream[kind] ?? '')) {
        const words = [...field.words, ...(widened[`${kind} ${field.path}`] ?? [])];
        assert.deepEqual(ours.get(field.path), { ...field, words }, text);
      }
    });

    it(`are extended by listed fields only: ${kind}`, () => {
      const schema = crd(kind).spec.versions[0]?.schema.openAPIV3Schema ?? {};
      const expected = [...parse(upstream[kind] ?? ''), ...parse(additions[kind] ?? '')];
      assert.deepEqual(
        schemaFields(schema)
          .map(field => field.path)
          .sort(),
        expected.map(field => field.path).sort(),
      );
    });
  }

  for (const row of table.split('\n').filter(line => line.trim() !== '')) {
    const cells = row.trim().split(' ');
    const expected = Object.fromEntries([
      ...names.slice(0, -1).map((name, index) => [name, cells[index]]),
      ['columns', cells.slice(names.length - 1).join(' ')],
    ]);
    it(`are named, scoped and shown as before: ${expected.kind}`, () => {
      const { spec } = crd(String(expected.kind));
      const version = spec.versions[0];
      const columns = (version?.additionalPrinterColumns ?? []).map(column =>
        column.type === 'date'
          ? column.name
          : `${column.name}${column.priority ? `/${column.priority}` : ''}=${column.jsonPath}`,
      );
      const shortNames = spec.names.shortNames ?? [];
      assert.deepEqual(
        {
          kind: spec.names.kind,
          version: version?.name,
          plural: spec.names.plural,
          shortNames: String(shortNames) || '-',
          scope: spec.scope,
          status: version?.subresources ? 'status' : '-',
          columns: columns.join(';') || '-',
        },
        expected,
      );
      assert.deepEqual(spec.names.categories, ['clusternet']);
      assert.equal(spec.names.singular, String(expected.kind).toLowerCase());
    });
  }
});
