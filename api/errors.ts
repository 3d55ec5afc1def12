/**
 * Every code an error of ours can carry, in alphabetical order, with one plain sentence saying what is wrong.
 * docs/reference/errors.md is generated from this table (`node hack/generate.ts`).
 */
export const errorCodes = {
  CN_AGENT_NO_PARENT: 'The agent has not been told which parent to join, or with which token.',
  CN_AGENT_REGISTRATION_DENIED: 'The parent refused to take the cluster in.',
  CN_AGENT_REGISTRATION_FAILED: 'The parent could not take the cluster in yet.',
  CN_AGENT_REGISTRATION_KEY: 'The parent knows the cluster by another key than the agent has.',
  CN_AGENT_REGISTRATION_PENDING: 'The parent has not decided about the cluster yet.',
  CN_API_DURATION: 'A duration is not a number with a unit, such as 300ms, 5m or 1h30m.',
  CN_API_QUANTITY: 'A quantity is not a number with a Kubernetes suffix, such as 1500m or 2Gi.',
  CN_API_SELECTOR: 'A label selector is malformed.',
  CN_HUB_FRONT_PROXY: 'The parent does not say how its API server proves itself to the hub.',
  CN_KUBE_KUBECONFIG: 'There is no usable kubeconfig.',
  CN_KUBE_SERVICE_ACCOUNT: 'The pod has no ServiceAccount token to reach its API server with.',
  CN_LEADER_LOST: 'The lease of the leader was lost, so the process must stop.',
  CN_SCHEDULER_CONFIG: 'The configuration file of the scheduler cannot be used.',
} as const satisfies Record<`CN_${string}`, string>;

export type ErrorCode = keyof typeof errorCodes;

/** An error of ours: `code` says which one, the message says what exactly, `cause` says what led to it. */
export class ClusternetError extends Error {
  override readonly name = 'ClusternetError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
