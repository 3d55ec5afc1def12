import assert from 'node:assert/strict';
import { watch } from 'node:fs';
import { type MachineFacts, machineFacts, shortcomings } from './requirements.ts';

const good: MachineFacts = {
  platform: 'linux',
  maxInotifyInstances: 128,
  usedInotifyInstances: 40,
  bindsLowPorts: true,
  unshares: true,
  tiesProcesses: true,
};

describe('shortcomings', () => {
  it('finds none on a machine that has what it takes', () => {
    assert.deepEqual(shortcomings(good, 4), []);
  });

  it('names the command that raises the inotify limit when there are too many clusters for it', () => {
    const [inotify] = shortcomings(good, 6);
    assert.match(inotify?.what ?? '', /6 more clusters need 96 inotify .* only 88 are free/);
    assert.equal(inotify?.fix, 'sudo sysctl -w fs.inotify.max_user_instances=8192');
  });

  it('names everything that is missing at once', () => {
    const bad = {
      platform: 'darwin',
      maxInotifyInstances: 0,
      usedInotifyInstances: 0,
      bindsLowPorts: false,
      unshares: false,
      tiesProcesses: false,
    };
    assert.equal(shortcomings(bad, 1).length, 5);
  });
});

describe('machineFacts', () => {
  it('looks at this machine', async () => {
    const signal = AbortSignal.timeout(10_000);
    const watcher = watch(import.meta.dirname);
    const facts = await machineFacts(signal);
    watcher.close();
    assert.equal(facts.platform, process.platform);
    assert.ok(facts.maxInotifyInstances > 0);
    assert.ok(facts.usedInotifyInstances > 0, 'it counts the watcher of this test');
  });
});
