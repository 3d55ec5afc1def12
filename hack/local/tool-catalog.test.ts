import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { pinnedVersion, toolCatalog, toolNames } from './tool-catalog.ts';

const goMod = readFileSync(new URL('../tools/go.mod', import.meta.url), 'utf8');

describe('toolCatalog', () => {
  const catalog = toolCatalog(goMod);

  it('builds only programs that go.mod lists as tools, so that go mod tidy keeps them', () => {
    for (const name of toolNames) assert.ok(goMod.includes(`\t${catalog[name].package}\n`), name);
  });

  it('stamps programs with the versions that go.mod pins', () => {
    const kubernetes = pinnedVersion(goMod, 'k8s.io/kubernetes');
    const stamp = `-X k8s.io/component-base/version.gitVersion=${kubernetes}`;
    assert.ok(catalog['kube-apiserver'].ldflags.includes(stamp));
    const minor = kubernetes.split('.')[1];
    assert.ok(
      catalog.kubectl.ldflags.includes(`-X k8s.io/client-go/pkg/version.gitMinor=${minor} `),
    );
  });

  it('strips every program', () => {
    for (const name of toolNames) assert.match(catalog[name].ldflags, /^-s -w/);
  });
});

describe('pinnedVersion', () => {
  it('reads single and grouped requirements', () => {
    const text = 'require a.example/x v1.2.3\nrequire (\n\tb.example/y v0.1.0 // indirect\n)\n';
    assert.equal(pinnedVersion(text, 'b.example/y'), 'v0.1.0');
  });

  it('refuses a module that is not required', () => {
    assert.throws(() => pinnedVersion(goMod, 'b.example/y'), /does not require b\.example\/y/);
  });
});
