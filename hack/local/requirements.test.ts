import assert from 'node:assert/strict';
import { type MachineFacts, machineFacts, shortcomings } from './requirements.ts';

const good: MachineFacts = {
  platform: 'linux',
  maxInotifyInstances: 128,
  bindsLowPorts: true,
  unshares: true,
  tiesProcesses: true,
};

describe('shortcomings', () => {
  it('finds none on a machine that has what it takes', () => {
    assert.deepEqual(shortcomings(good, 4), []);
  });

  it('names the command that raises the inotify limit when there are too many clusters for it', () => {
    const [inotify] = shortcomings(good, 20);
    assert.match(inotify?.what ?? '', /20 clusters need 352 inotify instances.* allows 128/);
    assert.equal(inotify?.fix, 'sudo sysctl -w fs.inotify.max_user_instances=8192');
  });

  it('names everything that is missing at once', () => {
    const bad = {
      platform: 'darwin',
      maxInotifyInstances: 0,
      bindsLowPorts: false,
      unshares: false,
      tiesProcesses: false,
    };
    assert.equal(shortcomings(bad, 1).length, 5);
  });
});

describe('machineFacts', () => {
  it('looks at this machine', async () => {
    const facts = await machineFacts(AbortSignal.timeout(10_000));
    assert.equal(facts.platform, process.platform);
    assert.ok(facts.maxInotifyInstances > 0);
  });
});
