import assert from 'node:assert/strict';
import { type ListenFlag, rewritePorts } from './port-rewriting.ts';

const flags: ListenFlag[] = [
  { flag: '--health-addr', takes: 'address', defaultPort: 9440 },
  { flag: '--webhook-port', takes: 'port', defaultPort: 9443 },
];

function rewrite(args: string[]) {
  return rewritePorts(args, flags, '127.64.0.10', async () => 40_000);
}

describe('rewritePorts', () => {
  it('adds flags that are not given, for the default ports', async () => {
    const { args, ports } = await rewrite(['--leader-elect']);
    assert.deepEqual(args, [
      '--leader-elect',
      '--health-addr=127.64.0.10:9440',
      '--webhook-port=40000',
    ]);
    assert.deepEqual(
      [...ports],
      [
        [9440, { address: '127.64.0.10', port: 9440 }],
        [9443, { address: '127.0.0.1', port: 40_000 }],
      ],
    );
  });

  it('replaces flags that are given, in either spelling, and keeps their place and port', async () => {
    const { args, ports } = await rewrite(['--health-addr=:8080', '--webhook-port', '7443', '--x']);
    assert.deepEqual(args, ['--health-addr=127.64.0.10:8080', '--webhook-port=40000', '--x']);
    assert.deepEqual(ports.get(8080), { address: '127.64.0.10', port: 8080 });
    assert.deepEqual(ports.get(7443), { address: '127.0.0.1', port: 40_000 });
  });

  it('says what it changed', async () => {
    const { notes } = await rewrite(['--health-addr=:8080']);
    assert.deepEqual(notes, [
      '--health-addr :8080 became 127.64.0.10:8080',
      '--webhook-port (9443 by default) became 40000',
    ]);
  });

  it('leaves a program without such flags alone', async () => {
    const { args, notes } = await rewritePorts(['a'], [], '127.64.0.10', () => assert.fail());
    assert.deepEqual([args, notes], [['a'], []]);
  });
});
