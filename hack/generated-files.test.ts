import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generatedFiles } from './generated-files.ts';

const root = join(import.meta.dirname, '..');

describe('generated files', () => {
  for (const [path, text] of generatedFiles()) {
    it(`has ${path} up to date (else run: node hack/generate.ts)`, async () => {
      assert.equal(await readFile(join(root, path), 'utf8'), text);
    });
  }

  it('has no CustomResourceDefinition without a kind', async () => {
    const names = await readdir(join(root, 'manifests/crds'));
    assert.deepEqual(
      names.filter(name => !generatedFiles().has(`manifests/crds/${name}`)),
      [],
    );
  });
});
