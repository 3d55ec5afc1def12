import type { ClusterDiscoveryPolicy } from '../../api/discovery/cluster-discovery-policy.ts';
import type {
  DiscoveredCluster,
  DiscoveredClusterStatus,
} from '../../api/discovery/discovered-cluster.ts';
import { keyOf } from '../../reconcile/key.ts';
import type { CapiCluster } from '../capi/cluster.ts';
import type { Progress } from './progress.ts';

/** One look at one cluster: what is known at its beginning, and what becomes of it. */
export interface Pass {
  /** As last read or written; replaced after each write. */
  discovered: DiscoveredCluster;
  /** Undefined for the parent itself. */
  readonly cluster: CapiCluster | undefined;
  readonly policy: ClusterDiscoveryPolicy | undefined;
  readonly progress: Progress;
  /** Status fields besides phase and conditions, as they shall be. */
  readonly status: {
    -readonly [Field in
      | 'managedClusterRef'
      | 'agentVersion'
      | 'bootstrapExpiration']: DiscoveredClusterStatus[Field];
  };
}

/** `namespace/name` of the DiscoveredCluster: queue key, and the owner that a registration names. */
export function passKey(pass: Pass): string {
  return keyOf(pass.discovered);
}

/** Come back after so long; undefined waits for a change. */
export type NextLookMs = number | undefined;
