import { baseKind } from './apps/base.ts';
import { descriptionKind } from './apps/description.ts';
import { feedInventoryKind } from './apps/feed-inventory.ts';
import { globalizationKind } from './apps/globalization.ts';
import { helmChartKind } from './apps/helm-chart.ts';
import { helmReleaseKind } from './apps/helm-release.ts';
import { localizationKind } from './apps/localization.ts';
import { manifestKind } from './apps/manifest.ts';
import { resourceInterpreterKind } from './apps/resource-interpreter.ts';
import { subscriptionKind } from './apps/subscription.ts';
import { clusterRegistrationRequestKind } from './clusters/cluster-registration-request.ts';
import { managedClusterKind } from './clusters/managed-cluster.ts';
import type { CustomKind } from './custom-kind.ts';
import { clusterDiscoveryPolicyKind } from './discovery/cluster-discovery-policy.ts';
import { discoveredClusterKind } from './discovery/discovered-cluster.ts';
import { hubConnectionKind } from './discovery/hub-connection.ts';
import { serviceExportKind } from './mcs/service-export.ts';
import { serviceImportKind } from './mcs/service-import.ts';

/** Every kind we define; manifests/crds is generated from this list. */
export const customKinds: readonly CustomKind[] = [
  baseKind,
  descriptionKind,
  feedInventoryKind,
  globalizationKind,
  helmChartKind,
  helmReleaseKind,
  localizationKind,
  manifestKind,
  resourceInterpreterKind,
  subscriptionKind,
  clusterRegistrationRequestKind,
  managedClusterKind,
  clusterDiscoveryPolicyKind,
  discoveredClusterKind,
  hubConnectionKind,
  serviceExportKind,
  serviceImportKind,
];
