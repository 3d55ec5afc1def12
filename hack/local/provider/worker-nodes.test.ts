import assert from 'node:assert/strict';
import { workerNodes } from './worker-nodes.ts';

describe('workerNodes', () => {
  it('numbers the nodes of each group and gives them its labels', () => {
    const groups = [
      {
        name: 'gpu',
        replicas: 2,
        labels: { 'feature.node.kubernetes.io/pci-10de.present': 'true' },
      },
      { name: 'cpu', replicas: 1 },
    ];
    assert.deepEqual(workerNodes('west', groups), [
      { name: 'west-gpu-1', labels: groups[0]?.labels },
      { name: 'west-gpu-2', labels: groups[0]?.labels },
      { name: 'west-cpu-1', labels: {} },
    ]);
  });

  it('keeps the first nodes when a group shrinks', () => {
    const names = (replicas: number) =>
      workerNodes('w', [{ name: 'g', replicas }]).map(({ name }) => name);
    assert.deepEqual(names(3).slice(0, 1), names(1));
    assert.deepEqual(names(0), []);
  });
});
