import type { ClusterAccess } from '../kube/cluster-access.ts';
import type { KubeconfigSource } from '../kube/kubeconfig-access.ts';

/** What a command meets outside of itself. */
export interface Surroundings {
  /** Standard output. */
  readonly write: (text: string) => void;
  readonly connect: {
    access(source: KubeconfigSource): Promise<ClusterAccess>;
    /** Where objects are when no namespace was named. */
    namespace(source: KubeconfigSource): Promise<string>;
  };
  /** Aborts when the user has seen enough. */
  readonly signal: AbortSignal;
}
