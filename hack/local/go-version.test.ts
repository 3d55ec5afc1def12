import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAtLeast, requireGo } from './go-version.ts';

describe('isAtLeast', () => {
  it('compares part by part as numbers', () => {
    assert.ok(isAtLeast('1.26.8', '1.26.0'));
    assert.ok(isAtLeast('1.100', '1.26.0'));
    assert.ok(!isAtLeast('1.25.9', '1.26.0'));
  });

  it('counts missing parts as zero and ignores suffixes', () => {
    assert.ok(isAtLeast('1.26', '1.26.0'));
    assert.ok(isAtLeast('1.26rc1', '1.26'));
    assert.ok(!isAtLeast('1.26', '1.26.1'));
  });
});

describe('requireGo', () => {
  const signal = AbortSignal.timeout(10_000);
  const searchPath = process.env.PATH;
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'go-version-'));
    await writeFile(join(directory, 'go.mod'), 'module example\n\ngo 1.26.0\n');
  });

  afterEach(async () => {
    process.env.PATH = searchPath;
    await rm(directory, { recursive: true });
  });

  it('says where to get Go when there is none', async () => {
    process.env.PATH = directory;
    await assert.rejects(
      requireGo(directory, signal),
      /^Error: Go 1\.26\.0 or newer is needed: see/,
    );
  });

  it('says which Go was found when it is too old', async () => {
    await writeFile(join(directory, 'go'), '#!/bin/sh\necho go1.20.3\n', { mode: 0o755 });
    process.env.PATH = `${directory}:${searchPath}`;
    await assert.rejects(requireGo(directory, signal), /needed, this is 1\.20\.3/);
  });
});
