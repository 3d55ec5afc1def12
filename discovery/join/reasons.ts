/**
 * The conditions of a DiscoveredCluster, in the order in which a cluster comes to life, and every reason each of them can have. The
 * lists are closed, so that users can search for a reason and dashboards can count it. All but Paused and Deleting are good when True.
 * Ready sums them up: its reason is that of the first one that stands in the way.
 */
export const reasons = {
  Selected: [
    'Selected',
    'PolicyInvalid',
    'OptedOut',
    'NotOptedIn',
    'NoPolicyMatches',
    'Detached',
    'ClusterGone',
    'MassChange',
  ],
  Deleting: ['NotDeleting', 'ClusterDeleted', 'Detaching'],
  Paused: ['NotPaused', 'Paused'],
  ControlPlaneInitialized: ['Initialized', 'WaitingForControlPlane'],
  HubReachable: ['Resolved', 'URLUnknown', 'CAUnknown', 'ProxyNotSupported'],
  KubeconfigAvailable: [
    'Accepted',
    'NotNeeded',
    'SecretNotFound',
    'SecretInvalid',
    'ExecNotAllowed',
  ],
  ClusterReachable: [
    'Reachable',
    'Unauthorized',
    'Forbidden',
    'NameNotResolved',
    'ConnectionRefused',
    'TimedOut',
    'CertificateInvalid',
    'Unreachable',
  ],
  Registered: ['Approved', 'Adopted', 'ApprovalPending', 'Denied', 'ClusterIDInUse'],
  BootstrapCredentialIssued: ['Issued', 'NotNeeded', 'AccountNotFound'],
  AgentApplied: ['Applied', 'Adopted', 'ForeignAgent', 'AdmissionDenied', 'Forbidden'],
  AgentAvailable: [
    'Available',
    'Progressing',
    'ImagePull',
    'Unschedulable',
    'AdmissionDenied',
    'CrashLoop',
    'NotDeployed',
  ],
  Connected: ['Connected', 'WaitingForAgent', 'HubUnreachable', 'Disconnected'],
  MetadataSynced: ['Synced', 'Conflict'],
  UpToDate: ['UpToDate', 'Outdated', 'Unmanaged'],
  Ready: ['Joined', 'Leaving'],
} as const;

export type ConditionType = keyof typeof reasons;
export type ReasonOf<Type extends ConditionType> = (typeof reasons)[Type][number];

/** Conditions that are good when they are False. */
export const negativeConditions: readonly ConditionType[] = ['Deleting', 'Paused'];
