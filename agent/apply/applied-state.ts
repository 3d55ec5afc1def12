import type { Description, ManifestStatus } from '../../api/apps/description.ts';
import { annotations } from '../../api/well-known.ts';
import type { Backoff } from '../../kube/backoff.ts';
import { versionNumber } from '../../reconcile/version-number.ts';
import type { ChildObjects } from './child-objects.ts';
import type { Summary } from './description-summary.ts';
import type { PlacedObject } from './object-applier.ts';
import { feedOf, type ObjectId, objectIdOf } from './object-id.ts';
import type { ObservedObject } from './observed-object.ts';

/** What this process did last for a Description. */
export interface AppliedState {
  readonly uid: string | undefined;
  readonly generation: number | undefined;
  readonly adopt: string | undefined;
  readonly summary: Summary;
  readonly placed: readonly PlacedObject[];
  readonly applied: ReadonlyMap<ObjectId, ObservedObject>;
  /** Monotonic time from which on a failure is tried again. */
  readonly retryAt: number;
  /** Slows repairs down when somebody keeps undoing them. */
  readonly repairs: Backoff;
  /** Monotonic time from which on drift is repaired. */
  readonly repairFrom: number;
}

/** Why a Description has to be applied (again), if it has to. */
export type ApplyCause = 'new' | 'changed' | 'retry' | 'drift';

export function whyApply(
  state: AppliedState | undefined,
  description: Description,
  objects: ChildObjects,
  now: number,
): ApplyCause | undefined {
  const { uid, generation } = description.metadata;
  if (state === undefined || state.uid !== uid) return 'new';
  if (state.generation !== generation || state.adopt !== adoptOf(description)) return 'changed';
  if (now >= state.retryAt) return 'retry';
  const drifted = state.placed.some(placed => hasDrifted(placed, state, objects));
  return drifted ? 'drift' : undefined;
}

export function adoptOf(description: Description): string | undefined {
  return description.metadata.annotations?.[annotations.adopt];
}

/** What the child shows of the objects, newest first of the watch and what applying answered. */
export function manifestStatuses(state: AppliedState, objects: ChildObjects): ManifestStatus[] {
  return state.placed.flatMap(placed => {
    const seen = newest(placed, state, objects);
    if (seen === undefined) return [];
    const feed = feedOf(placed.object);
    return [
      isRecord(seen.status) ? { ...feed, observedStatus: seen.status } : feed,
    ] satisfies ManifestStatus[];
  });
}

function hasDrifted(placed: PlacedObject, state: AppliedState, objects: ChildObjects): boolean {
  const applied = state.applied.get(objectIdOf(placed.object));
  if (applied === undefined) return false;
  const shown = objects.find(placed.resource, keyOf(placed));
  if (shown === undefined) return isGone(placed, applied, objects);
  return versionNumber(shown) >= versionNumber(applied) && shown.ownFields !== applied.ownFields;
}

function newest(
  placed: PlacedObject,
  state: AppliedState,
  objects: ChildObjects,
): ObservedObject | undefined {
  const applied = state.applied.get(objectIdOf(placed.object));
  const shown = objects.find(placed.resource, keyOf(placed));
  if (applied === undefined) return shown;
  if (shown === undefined) return isGone(placed, applied, objects) ? undefined : applied;
  return versionNumber(shown) < versionNumber(applied) ? applied : shown;
}

/** Not shown yet is not the same as shown no longer: the watch runs behind what we have just applied. */
function isGone(placed: PlacedObject, applied: ObservedObject, objects: ChildObjects): boolean {
  const last = objects.lastVersion(placed.resource, keyOf(placed));
  return last !== undefined && last >= versionNumber(applied);
}

function keyOf({ object }: PlacedObject) {
  return { namespace: object.metadata.namespace, name: object.metadata.name ?? '' };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
