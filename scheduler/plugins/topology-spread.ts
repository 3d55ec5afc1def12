import type { Plugin } from '../framework/plugin.ts';
import { dynamicNotes } from './dynamic-notes.ts';

/** Spreads the replicas of dynamic dividing over the domains that a label of the clusters makes. */
export function topologySpread(): Plugin {
  return {
    name: 'TopologySpread',
    preAssign: (cycle, candidates) => {
      const { dynamicDividing } = cycle.subscription.spec.dividingScheduling ?? {};
      const constraints = (dynamicDividing?.topologySpreadConstraints ?? []).map(
        ({ topologyKey, maxSkew, whenUnsatisfiable, minDomains }) => ({
          domains: candidates.map(({ cluster }) => cluster.metadata.labels?.[topologyKey]),
          maxSkew,
          required: whenUnsatisfiable === 'DoNotSchedule',
          ...(minDomains !== undefined && { minDomains }),
        }),
      );
      dynamicNotes.constraints.write(cycle, constraints);
      return undefined;
    },
  };
}
