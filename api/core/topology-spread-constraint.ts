import { Type } from 'typebox';
import { labelSelector } from '../label-selector.ts';
import { int32 } from '../schema.ts';

/** core/v1 TopologySpreadConstraint. */
export const topologySpreadConstraintSchema = Type.Object(
  {
    maxSkew: int32({ description: 'How uneven the spread may be.' }),
    topologyKey: Type.String({ description: 'The label that makes members one domain.' }),
    whenUnsatisfiable: Type.String({ description: 'DoNotSchedule or ScheduleAnyway.' }),
    labelSelector: Type.Optional(labelSelector('What is counted.')),
    minDomains: Type.Optional(int32({ description: 'How many domains there must be.' })),
    nodeAffinityPolicy: Type.Optional(Type.String({ description: 'Honor or Ignore.' })),
    nodeTaintsPolicy: Type.Optional(Type.String({ description: 'Honor or Ignore.' })),
    matchLabelKeys: Type.Optional(
      Type.Array(Type.String(), { 'x-kubernetes-list-type': 'atomic' }),
    ),
  },
  { description: 'How to spread over topology domains.' },
);
