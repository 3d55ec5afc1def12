import { Type } from 'typebox';
import { labelSelector } from '../label-selector.ts';
import { int32 } from '../schema.ts';
import { nodeSelectorTermSchema, preferredSchedulingTermSchema } from './node-selector-term.ts';

const atomic = { 'x-kubernetes-list-type': 'atomic' };

const nodeAffinity = Type.Object(
  {
    requiredDuringSchedulingIgnoredDuringExecution: Type.Optional(
      Type.Object(
        { nodeSelectorTerms: Type.Array(nodeSelectorTermSchema, atomic) },
        {
          description: 'A node must match one of these terms.',
          'x-kubernetes-map-type': 'atomic',
        },
      ),
    ),
    preferredDuringSchedulingIgnoredDuringExecution: Type.Optional(
      Type.Array(preferredSchedulingTermSchema, atomic),
    ),
  },
  { description: 'Which nodes a pod wants.' },
);

const podAffinityTerm = Type.Object(
  {
    topologyKey: Type.String({ description: 'The node label that makes nodes one place.' }),
    labelSelector: Type.Optional(labelSelector('Which pods.')),
    namespaceSelector: Type.Optional(labelSelector('The namespaces of those pods.')),
    namespaces: Type.Optional(Type.Array(Type.String(), atomic)),
    matchLabelKeys: Type.Optional(Type.Array(Type.String(), atomic)),
    mismatchLabelKeys: Type.Optional(Type.Array(Type.String(), atomic)),
  },
  { description: 'Pods to be near to or far from.' },
);

function podAffinity(description: string) {
  return Type.Object(
    {
      requiredDuringSchedulingIgnoredDuringExecution: Type.Optional(
        Type.Array(podAffinityTerm, atomic),
      ),
      preferredDuringSchedulingIgnoredDuringExecution: Type.Optional(
        Type.Array(
          Type.Object({
            weight: int32({ description: 'What a match is worth, from 1 to 100.' }),
            podAffinityTerm,
          }),
          atomic,
        ),
      ),
    },
    { description },
  );
}

/** core/v1 Affinity. */
export const affinitySchema = Type.Object(
  {
    nodeAffinity: Type.Optional(nodeAffinity),
    podAffinity: Type.Optional(podAffinity('Which pods a pod wants near.')),
    podAntiAffinity: Type.Optional(podAffinity('Which pods a pod wants far.')),
  },
  { description: 'Where a pod wants to run.' },
);
