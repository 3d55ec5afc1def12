import { readFileSync } from 'node:fs';
import { type Static, Type } from 'typebox';
import Value from 'typebox/value';
import { writeFileAtomically } from './atomic-file.ts';

const Process = Type.Object({ what: Type.String(), pid: Type.Integer(), startTime: Type.String() });

const Cluster = Type.Object({
  name: Type.String(),
  slot: Type.Integer(),
  server: Type.String(),
  kubeconfig: Type.String(),
  /** How its pods' command lines differ from what their manifests say. */
  notes: Type.Array(Type.String()),
});

const State = Type.Object({
  supervisor: Process,
  /** `starting` until the parent is complete; `failed` when it could not be completed. */
  phase: Type.Union([
    Type.Literal('starting'),
    Type.Literal('running'),
    Type.Literal('stopping'),
    Type.Literal('failed'),
  ]),
  /** What the supervisor has done so far, for whoever waits for it. */
  progress: Type.Array(Type.String()),
  failure: Type.Optional(Type.String()),
  clusters: Type.Array(Cluster),
});

/** What the supervisor of a checkout's test bed says about itself: `.local/state.json`. */
export type LocalState = Static<typeof State>;

/** One running cluster as the state file lists it. */
export type ClusterState = Static<typeof Cluster>;

/** The state, or undefined when there is none. Throws when the file is something else. */
export function readState(path: string): LocalState | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const state: unknown = JSON.parse(text);
  if (!Value.Check(State, state)) {
    throw new Error(`${path} is not a state file of this version: run "npm run down"`);
  }
  return state;
}

/** Replaces the state as a whole. */
export function writeState(path: string, state: LocalState): void {
  writeFileAtomically(path, `${JSON.stringify(state, undefined, 2)}\n`);
}
