import assert from 'node:assert/strict';
import { candidates } from './completion.ts';
import { program } from './program.ts';

const root = program({
  write: () => {},
  connect: { access: () => assert.fail(), namespace: () => assert.fail() },
  signal: AbortSignal.abort(),
});

function words(...typed: string[]): string[] {
  return candidates(root, typed).map(each => each.split('\t')[0] ?? '');
}

describe('completion of kubectl clusternet', () => {
  it('offers the commands where one belongs, but not those for machines', () => {
    assert.deepEqual(words('e'), ['explain']);
    assert.ok(words('').includes('completion') && !words('').includes('__complete'));
    assert.ok(words('explain', 's').includes('subscription'));
  });

  it('offers the flags of the command', () => {
    assert.deepEqual(words('explain', 'subscription', '--ti'), ['--timeout']);
    assert.deepEqual(words('explain', 'subscription', '--none'), []);
  });

  it('prints the program that kubectl looks for', async () => {
    const written: string[] = [];
    const connect = { access: () => assert.fail(), namespace: () => assert.fail() };
    const surroundings = { write: (text: string) => void written.push(text), connect };
    const signal = new AbortController().signal;
    const run = (...argv: string[]) =>
      program({ ...surroundings, signal }).parseAsync(argv, { from: 'user' });
    await run('completion');
    await run('__complete', '--', 'explain', 'subscription', '--ti');
    assert.match(written[0] ?? '', /^#!\/bin\/sh\nexec kubectl-clusternet __complete -- "\$@"\n$/);
    assert.match(written[1] ?? '', /^--timeout\t.*\n:4\n$/);
  });
});
