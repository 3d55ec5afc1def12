import type { KubeObject } from '../api/kube-object.ts';
import type { Change, Informer } from './informer.ts';
import { keyOf } from './key.ts';

/** Gets the keys that a change makes worth reconciling; `initial` ones belong to the first list. */
export type Enqueue = (key: string, initial: boolean) => void;

/** Where a controller's keys come from. */
export interface Source {
  /** Starts to feed keys; the returned function stops it. */
  start(enqueue: Enqueue): () => void;
  /** Resolves once everything that existed at the start has been fed. */
  synced(): Promise<void>;
}

/** How {@link watchObjects} turns changes into keys. */
export interface WatchOptions<T> {
  /** The keys a change concerns. By default the key of the changed object itself. */
  readonly enqueue?: (change: Change<T>) => readonly string[];
  /** False for changes that concern nobody. */
  readonly when?: (change: Change<T>) => boolean;
}

/** Feeds the keys of changed objects; those of the first list wait behind whatever happens meanwhile. */
export function watchObjects<T extends KubeObject>(
  informer: Informer<T>,
  options: WatchOptions<T> = {},
): Source {
  const { enqueue: keysOf = change => [keyOf(change.object)], when = () => true } = options;
  return {
    synced: () => informer.synced(),
    start: enqueue =>
      informer.onChange(change => {
        if (!when(change)) return;
        for (const key of keysOf(change)) enqueue(key, change.initial);
      }),
  };
}
