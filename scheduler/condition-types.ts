/** The conditions of a Subscription that the scheduler writes. */
export const conditionTypes = {
  /** Whether it was placed as asked; if not, the reason is one of {@link refusalReasons} or a plugin's own. */
  scheduled: 'Scheduled',
  /** There, and True, while removals are held until an administrator confirms. */
  massChange: 'MassChange',
} as const;

/** Why a Subscription is not placed as asked. */
export const refusalReasons = [
  'DividingNotSupported',
  'InvalidSelector',
  'NamespaceNotAllowed',
  'NoFeasibleCluster',
] as const;
