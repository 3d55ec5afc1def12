import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ToolName } from './tool-catalog.ts';
import { ensureTools, toolsRoot } from './tools.ts';

/** Answers what we ask Go, and "builds" by writing the package's name; fails for packages that file `broken` names. */
const goScript = `#!/bin/sh
if [ "$1" = env ]; then echo go1.99.0; exit; fi
while [ $# -gt 1 ]; do [ "$1" = -o ] && out=$2; shift; done
echo "$1" >> "$HERE/built"
if grep -qsx "$1" "$HERE/broken"; then echo "$1: no such thing" >&2; exit 1; fi
echo "$1" > "$out"
`;

describe('ensureTools', () => {
  const signal = AbortSignal.timeout(10_000);
  const { PATH, CLUSTERNET_TOOLS_DIR, HERE } = process.env;
  let directory: string;
  let lines: string[];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'tools-'));
    lines = [];
    await writeFile(join(directory, 'go'), goScript, { mode: 0o755 });
    const changes = {
      PATH: `${directory}:${PATH}`,
      CLUSTERNET_TOOLS_DIR: directory,
      HERE: directory,
    };
    Object.assign(process.env, changes);
  });

  afterEach(async () => {
    for (const [name, value] of Object.entries({ PATH, CLUSTERNET_TOOLS_DIR, HERE })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await rm(directory, { recursive: true });
  });

  const ensure = (...names: ToolName[]) => ensureTools(names, line => lines.push(line), signal);
  const built = async () =>
    (await readFile(join(directory, 'built'), 'utf8').catch(() => '')).trim().split('\n');

  it('builds what is missing, what is needed first before the rest, and says how far it is', async () => {
    const tools = await ensure('kubectl', 'etcd');
    assert.deepEqual(await built(), ['go.etcd.io/etcd/server/v3', 'k8s.io/kubernetes/cmd/kubectl']);
    assert.equal(await readFile(tools.kubectl, 'utf8'), 'k8s.io/kubernetes/cmd/kubectl\n');
    assert.match(lines[1] ?? '', /^building etcd \(1 of 2\), .* so far$/);
    assert.match(lines[2] ?? '', /^building kubectl \(2 of 2\), .* so far, about .* left$/);
  });

  it('builds nothing twice', async () => {
    await ensure('etcd');
    await ensure('etcd');
    assert.equal((await built()).length, 1);
  });

  it('lets two builders build each program once', async () => {
    await Promise.all([ensure('etcd', 'kwok'), ensure('etcd', 'kwok'), ensure('kwok')]);
    assert.equal((await built()).length, 2);
  });

  it('says why a build failed, keeps what was built, and goes on from there', async () => {
    await writeFile(join(directory, 'broken'), 'sigs.k8s.io/kwok/cmd/kwok\n');
    await assert.rejects(
      ensure('etcd', 'kwok'),
      /go build sigs\.k8s\.io\/kwok.* failed:\n.*no such thing/,
    );
    await rm(join(directory, 'broken'));
    const tools = await ensure('etcd', 'kwok');
    assert.ok(existsSync(tools.kwok));
    assert.equal((await built()).filter(name => name.includes('etcd')).length, 1);
  });

  it('clears away the tools of versions that are unused for long, when it builds others', async () => {
    const old = join(directory, '0123456789abcdef');
    const longAgo = new Date('2026-01-01');
    await mkdir(old);
    await utimes(old, longAgo, longAgo);
    await ensure();
    assert.ok(existsSync(old));
    await ensure('etcd');
    assert.ok(!existsSync(old));
    assert.match(lines.at(-1) ?? '', /^removed .*0123456789abcdef/);
  });

  it('never takes a half-written file for a program', async () => {
    const { etcd } = await ensure();
    await rm(dirname(etcd), { recursive: true, force: true });
    await ensure('kubectl');
    await writeFile(`${etcd}.123.unfinished`, 'half');
    await ensure('etcd');
    assert.equal(await readFile(etcd, 'utf8'), 'go.etcd.io/etcd/server/v3\n');
    assert.ok((await readdir(dirname(etcd))).includes('etcd'));
  });
});

describe('toolsRoot', () => {
  it('is where CLUSTERNET_TOOLS_DIR says, else in the cache of the user', () => {
    assert.equal(toolsRoot({ CLUSTERNET_TOOLS_DIR: '/a', XDG_CACHE_HOME: '/b' }), '/a');
    assert.equal(toolsRoot({ XDG_CACHE_HOME: '/b' }), '/b/clusternet/tools');
    assert.match(toolsRoot({}), /\/\.cache\/clusternet\/tools$/);
  });
});
