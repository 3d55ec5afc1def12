import { Type } from 'typebox';
import { int32, oneOf } from '../schema.ts';
import { feed } from './feed.ts';

const override = Type.Object(
  {
    name: Type.Optional(Type.String({ description: 'A name for people.' })),
    type: oneOf(['Helm', 'JSONPatch', 'MergePatch', 'FieldJSONPatch', 'FieldMergePatch'], {
      description: 'How the value changes the object.',
    }),
    value: Type.String({ description: 'The patch, or the Helm values; JSON or YAML.' }),
    overrideChart: Type.Optional(
      Type.Boolean({ description: 'Change the HelmChart itself, not its values.' }),
    ),
    fieldPath: Type.Optional(
      Type.String({ description: 'The field that holds an embedded document to patch.' }),
    ),
    fieldFormat: Type.Optional(
      oneOf(['YAML', 'JSON'], { description: 'The format of that document.' }),
    ),
  },
  { description: 'One change.' },
);

/** The fields Localization and Globalization share. */
export const overrideFields = {
  overridePolicy: Type.Optional(
    oneOf(['ApplyNow', 'ApplyLater'], {
      description: 'Whether it counts at once, or only when the feed changes next.',
      default: 'ApplyLater',
    }),
  ),
  priority: Type.Optional(
    int32({
      description: 'Lower is applied first, so that higher wins.',
      minimum: 0,
      maximum: 1000,
      default: 500,
    }),
  ),
  feed: Type.Optional(feed('The object that is changed.')),
  overrides: Type.Optional(Type.Array(override, { description: 'The changes, in order.' })),
};
