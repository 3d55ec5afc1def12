import assert from 'node:assert/strict';
import { containerCommand, findImage, type KnownImage } from './known-image.ts';

const image: KnownImage = {
  repository: 'example.com/team/tool',
  entrypoint: ['node', 'tool.js'],
  programs: { '/manager': ['/bin/manager', '--local'] },
};

describe('findImage', () => {
  it('knows a repository with any tag and digest', () => {
    for (const suffix of ['', ':v1', '@sha256:abc', ':v1@sha256:abc']) {
      assert.equal(findImage(`example.com/team/tool${suffix}`, [image]), image);
    }
  });

  it('does not take a longer name for a known one', () => {
    for (const name of [
      'example.com/team/tools:v1',
      'example.com/team/tool/x',
      'tool:v1',
      'x/example.com/team/tool',
    ]) {
      assert.equal(findImage(name, [image]), undefined, name);
    }
  });
});

describe('containerCommand', () => {
  it('runs the entry point with the expanded args', () => {
    const command = containerCommand({ args: ['hub', '--name=$(NAME)'] }, image, { NAME: 'n' });
    assert.deepEqual(command, { program: ['node', 'tool.js'], args: ['hub', '--name=n'] });
  });

  it('runs the program that command names instead', () => {
    const command = containerCommand({ command: ['/manager', '-v'], args: ['x'] }, image, {});
    assert.deepEqual(command, { program: ['/bin/manager', '--local'], args: ['-v', 'x'] });
  });

  it('refuses a program that the image does not have, naming those it has', () => {
    assert.throws(() => containerCommand({ command: ['sh'] }, image, {}), {
      message: 'example.com/team/tool has no program sh here; it has: /manager',
    });
  });
});
