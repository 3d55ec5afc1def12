import assert from 'node:assert/strict';
import fc from 'fast-check';
import { podRequests, type RequestingPodSpec } from './pod-requests.ts';

const unit = 1_000_000_000n;

/** Whole amounts by resource name. */
function whole(spec: RequestingPodSpec): Record<string, number> {
  return Object.fromEntries([...podRequests(spec)].map(([name, n]) => [name, Number(n / unit)]));
}

const asking = (cpu: string, restartPolicy?: string) => ({
  resources: { requests: { cpu } },
  ...(restartPolicy !== undefined && { restartPolicy }),
});

describe('podRequests', () => {
  it('adds up the containers, and takes an init container instead where it needs more', () => {
    assert.deepEqual(whole({ containers: [asking('1'), asking('2')] }), { cpu: 3 });
    const initContainers = [asking('5'), asking('4')];
    assert.deepEqual(whole({ containers: [asking('1')], initContainers }), { cpu: 5 });
    assert.deepEqual(whole({ containers: [asking('7')], initContainers }), { cpu: 7 });
  });

  it('counts sidecars with the containers, and with the init containers that start after them', () => {
    const sidecar = asking('2', 'Always');
    assert.deepEqual(whole({ containers: [asking('1')], initContainers: [sidecar] }), { cpu: 3 });
    assert.deepEqual(whole({ containers: [asking('1')], initContainers: [asking('4'), sidecar] }), {
      cpu: 4,
    });
    assert.deepEqual(whole({ containers: [asking('1')], initContainers: [sidecar, asking('4')] }), {
      cpu: 6,
    });
  });

  it('lets the pod as a whole state cpu and memory, and adds its overhead', () => {
    const containers = [{ resources: { requests: { cpu: '4', 'example.com/gpu': '1' } } }];
    const resources = { requests: { cpu: '2', 'example.com/gpu': '8' } };
    const overhead = { cpu: '1' };
    assert.deepEqual(whole({ containers, resources, overhead }), { cpu: 3, 'example.com/gpu': 1 });
  });

  it('takes a limit of the pod as a whole only where no container requests anything', () => {
    const resources = { limits: { cpu: '8', memory: '9' } };
    assert.deepEqual(whole({ containers: [asking('1')], resources }), { cpu: 1, memory: 9 });
  });

  it('takes a limit for a request that is absent, and nothing for what is no quantity', () => {
    const resources = { requests: { cpu: '1', memory: 'much' }, limits: { cpu: '9', disk: '3' } };
    assert.deepEqual(whole({ containers: [{ resources }] }), { cpu: 1, disk: 3 });
  });

  it('is never less than what runs side by side, nor than any one init container', () => {
    const container = fc.record({
      cpu: fc.nat(100),
      restartPolicy: fc.constantFrom('Always', undefined),
    });
    const list = fc.array(container, { maxLength: 5 });
    fc.assert(
      fc.property(list, list, (containers, init) => {
        const spec = {
          containers: containers.map(({ cpu }) => asking(String(cpu))),
          initContainers: init.map(({ cpu, restartPolicy }) => asking(String(cpu), restartPolicy)),
        };
        const total = whole(spec).cpu ?? 0;
        const sidecars = init.filter(({ restartPolicy }) => restartPolicy === 'Always');
        const running = [...containers, ...sidecars].reduce((sum, { cpu }) => sum + cpu, 0);
        assert.ok(total >= running);
        for (const { cpu } of init) assert.ok(total >= cpu);
        const all = [...containers, ...init].reduce((sum, { cpu }) => sum + cpu, 0);
        assert.ok(total <= all);
      }),
    );
  });
});
