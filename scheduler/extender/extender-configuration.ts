import { isIP } from 'node:net';
import { type Static, Type } from 'typebox';
import { oneOf } from '../../api/schema.ts';
import { isSpecialAddress } from '../predict/allowed-address.ts';

/** What an extender may be asked. */
export const extenderVerbs = ['filter', 'score', 'predict'] as const;

export type ExtenderVerb = (typeof extenderVerbs)[number];

const path = Type.Optional(Type.String({ minLength: 1 }));

/** An entry of `extenders` in the configuration. */
export const extenderSchema = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$' }),
    url: Type.String({ description: 'The verb is appended as the last part of its path.' }),
    verbs: Type.Array(oneOf(extenderVerbs), {
      minItems: 1,
      uniqueItems: true,
    }),
    weight: Type.Optional(Type.Integer({ minimum: 1, description: 'Of its score. Default 1.' })),
    timeoutSeconds: Type.Optional(
      Type.Number({ minimum: 0.1, maximum: 60, description: 'Longest wait. Default 5.' }),
    ),
    ignorable: Type.Optional(
      Type.Boolean({ description: 'Go on without it when it fails. Default false.' }),
    ),
    caFile: path,
    tokenFile: path,
    allowPlainHTTP: Type.Optional(Type.Boolean()),
    allowLocalAddress: Type.Optional(
      Type.Boolean({ description: 'Also on the machine itself or its link. Default false.' }),
    ),
  },
  { additionalProperties: false },
);

export type ExtenderConfiguration = Static<typeof extenderSchema>;

/** What is wrong with extenders of the right shape, one sentence each naming the field. */
export function extenderProblems(extenders: readonly ExtenderConfiguration[]): readonly string[] {
  return extenders.flatMap((extender, index) => {
    const where = `extenders[${index}]`;
    const first = extenders.findIndex(({ name }) => name === extender.name);
    return [
      ...(first < index ? [`${where}.name: "${extender.name}" is taken by another extender`] : []),
      ...urlProblems(extender).map(problem => `${where}.${problem}`),
    ];
  });
}

function urlProblems(extender: ExtenderConfiguration): readonly string[] {
  const { url: text, caFile, tokenFile, allowPlainHTTP, allowLocalAddress } = extender;
  const url = URL.parse(text);
  if (url === null || !['https:', 'http:'].includes(url.protocol)) {
    return [`url: "${text}" is not an https URL`];
  }
  if (url.username !== '' || url.search !== '' || url.hash !== '') {
    return ['url: must have no credentials, query or fragment; a token belongs into tokenFile'];
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const local = isIP(host) === 0 ? host === 'localhost' : isSpecialAddress(host);
  const plain = url.protocol === 'http:';
  return [
    ...(plain && !allowPlainHTTP ? ['url: plain HTTP needs allowPlainHTTP: true'] : []),
    ...(plain && (caFile ?? tokenFile) ? ['url: caFile and tokenFile are for https only'] : []),
    ...(local && !allowLocalAddress ? [`url: ${host} needs allowLocalAddress: true`] : []),
  ];
}
