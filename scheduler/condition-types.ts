/** The conditions of a Subscription that the scheduler writes. */
export const conditionTypes = {
  /** Whether it was placed as asked; if not, the reason and message say why. */
  scheduled: 'Scheduled',
  /** There, and True, while removals are held until an administrator confirms. */
  massChange: 'MassChange',
  /** There, and True, while some clusters do not say how many replicas fit and therefore get nothing new. */
  capacityUnknown: 'CapacityUnknown',
  /** There while clusters are to be left: True while others are to stand in first, False when nothing can be done. */
  evicting: 'Evicting',
} as const;
