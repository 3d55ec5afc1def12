import { Type } from 'typebox';
import { listMap, mapOf, quantity } from '../schema.ts';

/** core/v1 ResourceList: quantities by resource name. */
export function resourceList(description: string) {
  return mapOf(quantity(), { description });
}

/** core/v1 ResourceRequirements. */
export const resourceRequirementsSchema = Type.Object(
  {
    limits: Type.Optional(resourceList('The most that may be used.')),
    requests: Type.Optional(resourceList('What must be free.')),
    claims: Type.Optional(
      listMap(
        Type.Object({
          name: Type.String({ description: 'A resource claim of the pod.' }),
          request: Type.Optional(Type.String({ description: 'One request of that claim.' })),
        }),
        ['name'],
        { description: 'Claims of dynamic resources.' },
      ),
    ),
  },
  { description: 'What a pod needs.' },
);
