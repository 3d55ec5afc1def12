/** The scheduler's gates, under upstream's names, and whether each is open when nobody says so. */
export const defaultGates = { FailOver: false, FeasibleClustersToleration: false } as const;

export type FeatureGate = keyof typeof defaultGates;

/** Gates of upstream that one list may set for all components at once: they mean nothing to the scheduler. */
const gatesOfOthers: readonly string[] = [
  'AllAlpha',
  'AllBeta',
  'AppPusher',
  'ClusterInit',
  'ContextualLogging',
  'Deployer',
  'FeedInUseProtection',
  'FeedInventory',
  'LoggingAlphaOptions',
  'LoggingBetaOptions',
  'MultiClusterService',
  'Predictor',
  'Recovery',
  'ShadowAPI',
  'SocketConnection',
];

/** The names that are no gates at all. */
export function unknownGates(set: Readonly<Record<string, boolean>>): readonly string[] {
  return Object.keys(set).filter(gate => !(gate in defaultGates || gatesOfOthers.includes(gate)));
}

/** Every gate of the scheduler, and the names that were set although they have no effect in it. */
export function settleGates(set: Readonly<Record<string, boolean>>): {
  readonly gates: Readonly<Record<FeatureGate, boolean>>;
  readonly withoutEffect: readonly string[];
} {
  return {
    gates: { ...defaultGates, ...set },
    withoutEffect: Object.keys(set).filter(gate => gatesOfOthers.includes(gate)),
  };
}
