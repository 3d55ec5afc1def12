import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalState, readState, writeState } from './state-file.ts';

describe('the state file', () => {
  let directory: string;
  let file: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'state-file-'));
    file = join(directory, 'state.json');
  });
  afterEach(() => rm(directory, { recursive: true }));

  const state: LocalState = {
    supervisor: { what: 'supervisor', pid: 1, startTime: 'boot/1' },
    phase: 'running',
    progress: ['cluster parent is up (4 s)'],
    clusters: [
      {
        name: 'parent',
        slot: 64,
        server: 'https://127.64.0.1:6443',
        kubeconfig: '/x',
        notes: ['--webhook-port became 36895'],
      },
    ],
  };

  it('gives back what was written, readable by its owner only', async () => {
    writeState(file, state);
    assert.deepEqual(readState(file), state);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(directory), ['state.json'], 'no unfinished file stays');
  });

  it('is undefined when nothing was written', () => {
    assert.equal(readState(file), undefined);
  });

  it('refuses the state of another version', async () => {
    await writeFile(file, JSON.stringify({ ...state, phase: 'dancing' }));
    assert.throws(() => readState(file), /not a state file of this version: run "npm run down"/);
  });
});
