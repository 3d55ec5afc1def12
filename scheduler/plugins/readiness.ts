import { findCondition } from '../../api/conditions.ts';
import type { Plugin } from '../framework/plugin.ts';

/** A cluster that is not ready gets nothing new and loses nothing: its workloads run on without the parent. */
export function readiness(): Plugin {
  return {
    name: 'Readiness',
    filter: (_cycle, { status }) =>
      findCondition(status?.conditions, 'Ready')?.status === 'True'
        ? undefined
        : { reason: 'are not ready', evicts: false },
  };
}
