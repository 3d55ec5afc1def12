import assert from 'node:assert/strict';
import { type HostPaths, type Mount, mountScript } from './mount-script.ts';

const host: HostPaths = {
  deepest: path => {
    const existing =
      ['/run/secrets', '/tmp', '/run', '/etc/ssl'].find(each => path.startsWith(each)) ?? '/';
    return { existing, missing: path.slice(existing.length).replace(/^\//, '') };
  },
  mountPoints: ['/', '/proc', '/run/user', '/tmp'],
};
const options = { scratch: '/s', sources: '/v', userNamespace: false, workingDirectory: '/' };

function script(mounts: Partial<Mount>[], changes = {}): string[] {
  const complete = mounts.map(mount => ({
    source: '/v/volume',
    target: '/tmp',
    directory: true,
    readOnly: false,
    ...mount,
  }));
  return mountScript(complete, host, { ...options, ...changes }).split('\n');
}

const overlays = (lines: string[]) => lines.filter(line => line.includes('-t overlay'));

describe('mountScript', () => {
  it('becomes the program after all mounts, in its working directory', () => {
    assert.deepEqual(script([], { workingDirectory: '/srv' }).slice(-2), [
      "cd '/srv'",
      'exec "$@"',
    ]);
  });

  it('binds over a target that exists, without an overlay', () => {
    const lines = script([{ target: '/etc/ssl', readOnly: true }]);
    assert.deepEqual(overlays(lines), []);
    assert.ok(lines.includes("mount -c --bind -o ro 'sources/volume' '/etc/ssl'"));
  });

  it('adds a missing target in an overlay over the deepest directory there is', () => {
    const lines = script([{ target: '/tmp/certs/x' }]);
    assert.equal(overlays(lines).length, 1);
    assert.ok(overlays(lines)[0]?.includes('lowerdir=/tmp,'));
    const made = lines.indexOf("mkdir -p '/tmp/certs/x'");
    assert.ok(made > lines.indexOf(overlays(lines)[0] ?? ''));
    assert.equal(lines[made + 1], "mount -c --bind 'sources/volume' '/tmp/certs/x'");
  });

  it('makes one overlay for all targets below one directory', () => {
    assert.equal(overlays(script([{ target: '/tmp/a' }, { target: '/tmp/b/c' }])).length, 1);
  });

  it('mounts again what an overlay would hide', () => {
    const lines = script([{ target: '/run/certs' }]);
    const overlay = lines.indexOf(overlays(lines)[0] ?? '');
    assert.ok(lines.indexOf("mount --rbind '/run/user' 0/inner-0") < overlay);
    assert.ok(lines.indexOf("mount -c --rbind 0/inner-0 '/run/user'") > overlay);
  });

  it('makes an empty file for a mount of a file', () => {
    const lines = script([{ target: '/tmp/dir/file', directory: false }]);
    assert.ok(lines.includes("mkdir -p '/tmp/dir'") && lines.includes(": >'/tmp/dir/file'"));
  });

  it('keeps overlay attributes where a user namespace may write them', () => {
    const lines = script([{ target: '/tmp/a' }], { userNamespace: true });
    assert.ok(overlays(lines)[0]?.includes("'userxattr,lowerdir="));
  });

  it('quotes what would be shell', () => {
    const lines = script([{ target: "/tmp/it's $(here)" }]);
    assert.ok(lines.includes("mkdir -p '/tmp/it'\\''s $(here)'"));
  });

  it('refuses a target that would need an overlay over the root directory', () => {
    assert.throws(() => script([{ target: '/certs' }]), /asks for a new directory in \//);
  });
});
