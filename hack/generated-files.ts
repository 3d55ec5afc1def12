import { stringify } from 'yaml';
import { customKinds } from '../api/custom-kinds.ts';
import { errorCodes } from '../api/errors.ts';
import { customResourceDefinition } from '../manifests/custom-resource-definition.ts';
import { rightsReference } from './rights-reference.ts';

/** Every file that is generated from the sources, by its path from the root of the project. */
export function generatedFiles(): ReadonlyMap<string, string> {
  return new Map([
    ...customKinds.map(kind => {
      const { group, plural } = kind.resource;
      const text = stringify(customResourceDefinition(kind), { lineWidth: 0 });
      return [
        `manifests/crds/${group}_${plural}.yaml`,
        `# Generated from api/ by hack/generate.ts. Do not edit.\n${text}`,
      ] as const;
    }),
    ['docs/reference/errors.md', errorReference()],
    ['docs/reference/rbac.md', rightsReference()],
  ]);
}

function errorReference(): string {
  const rows = Object.entries(errorCodes).map(
    ([code, sentence]) => `| \`${code}\` | ${sentence} |`,
  );
  return [
    '# Errors',
    '',
    'Every error of ours carries one of these codes; the message beside it names the field or object and says what is allowed.',
    'Generated from `api/errors.ts` by `hack/generate.ts`. Do not edit.',
    '',
    '| code | what is wrong |',
    '| --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
