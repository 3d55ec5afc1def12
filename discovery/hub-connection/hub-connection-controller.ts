import { setCondition } from '../../api/conditions.ts';
import { type HubConnection, hubConnections } from '../../api/discovery/hub-connection.ts';
import { apiVersionOf } from '../../api/resource.ts';
import { creators } from '../../api/well-known.ts';
import type { Controller } from '../../reconcile/controller.ts';
import type { Runtime } from '../../reconcile/runtime.ts';
import { watchObjects } from '../../reconcile/source.ts';
import { patchStatus } from '../../reconcile/status-patch.ts';
import type { DiscoveryInformers } from '../join/discovery-informers.ts';
import type { HubAddressVerdict } from './hub-address.ts';

/** The connection that discovery makes at its start where there is none. */
export const defaultConnection: HubConnection = {
  apiVersion: apiVersionOf(hubConnections),
  kind: hubConnections.kind,
  metadata: { name: 'default' },
  spec: {},
};

/** Tells on each HubConnection under which address children are sent to the parent, or what is missing. */
export function hubConnectionController(
  { client, clock }: Runtime,
  { connections, clusterInfo }: DiscoveryInformers,
  resolve: (name: string) => HubAddressVerdict,
): Controller {
  const all = () => connections.list().map(({ metadata }) => metadata.name ?? '');
  return {
    name: 'hub-connection',
    concurrency: 1,
    sources: [watchObjects(connections), watchObjects(clusterInfo, { enqueue: all })],
    async reconcile(name, signal) {
      const connection = connections.get({ name });
      if (connection === undefined) return;
      const verdict = resolve(name);
      const conditions = setCondition(
        connection.status?.conditions,
        conditionFor(verdict, connection),
        clock.now(),
      );
      const server = verdict.address?.server;
      const status = { ...(server === undefined ? {} : { server }), conditions };
      const manager = { fieldManager: creators.discovery };
      await patchStatus(client, hubConnections, connection, status, manager, signal);
    },
  };
}

function conditionFor(verdict: HubAddressVerdict, { metadata }: HubConnection) {
  const observed =
    metadata.generation === undefined ? {} : { observedGeneration: metadata.generation };
  if (verdict.address === undefined) {
    const { reason, message } = verdict;
    return { type: 'HubReachable', status: 'False', reason, message, ...observed } as const;
  }
  const message = `children reach the parent at ${verdict.address.server}`;
  return {
    type: 'HubReachable',
    status: 'True',
    reason: 'Resolved',
    message,
    ...observed,
  } as const;
}
