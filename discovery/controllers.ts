import type { Controller } from '../reconcile/controller.ts';
import { keyOf } from '../reconcile/key.ts';
import type { Runtime } from '../reconcile/runtime.ts';
import { ClusterWatch } from './capi/cluster-watch.ts';
import { policyController } from './capi/policy-controller.ts';
import { type HubAddressVerdict, resolveHubAddress } from './hub-connection/hub-address.ts';
import {
  defaultConnection,
  hubConnectionController,
} from './hub-connection/hub-connection-controller.ts';
import { AgentInstaller } from './join/agent-installer.ts';
import type { OpenChild } from './join/child-visit.ts';
import { CourseFollower } from './join/course-follower.ts';
import { discoveredClusterController } from './join/discovered-cluster-controller.ts';
import { DiscoveredClusterReconciler } from './join/discovered-cluster-reconciler.ts';
import { type DiscoveryInformers, discoveryInformers } from './join/discovery-informers.ts';
import { joinMetrics } from './join/join-metrics.ts';
import { JoinTimes } from './join/join-times.ts';
import { Joiner } from './join/joiner.ts';
import { Leaver } from './join/leaver.ts';
import { Removals } from './join/removals.ts';
import { nodeLabelController } from './nfd-labeler/node-label-controller.ts';
import type { DiscoveryOptions } from './options.ts';
import { SelfCluster } from './self/self-cluster.ts';

export type ControllerOptions = Pick<
  DiscoveryOptions,
  | 'namespace'
  | 'watchNamespace'
  | 'watchFilter'
  | 'concurrency'
  | 'parentURL'
  | 'selfName'
  | 'nodeLabelPrefixes'
> & {
  readonly agentImage: string;
  /** How children are reached; tests put another way in its place. */
  readonly openChild?: OpenChild;
};

export interface Discovery {
  readonly clusters: ClusterWatch;
  readonly controllers: readonly Controller[];
}

/** Puts discovery together for one parent. */
export function createDiscovery(runtime: Runtime, options: ControllerOptions): Discovery {
  const { client, cache, logger } = runtime;
  const informers = discoveryInformers(cache);
  const { definitions, discovered, managed } = informers;
  const { watchNamespace: namespace, watchFilter } = options;
  const clusters = new ClusterWatch({ client, definitions, namespace, watchFilter, logger });
  const removals = new Removals(runtime.clock, () => discovered.list());
  const hubAddress = (connection: string) => resolve(connection, runtime, informers, options);
  const self = new SelfCluster(informers.connections, options.namespace);
  const reconciler = createReconciler(runtime, options, {
    informers,
    clusters,
    removals,
    hubAddress,
    self,
  });
  return {
    clusters,
    controllers: [
      discoveredClusterController(reconciler, clusters, informers, self.key, options.concurrency),
      policyController(runtime, informers, clusters, removals),
      hubConnectionController(runtime, informers, hubAddress),
      nodeLabelController(runtime, managed.informer, options.nodeLabelPrefixes),
    ],
  };
}

interface Parts {
  readonly informers: DiscoveryInformers;
  readonly clusters: ClusterWatch;
  readonly removals: Removals;
  readonly hubAddress: (connection: string) => HubAddressVerdict;
  readonly self: SelfCluster;
}

function createReconciler(
  runtime: Runtime,
  options: ControllerOptions,
  { informers, clusters, removals, hubAddress, self }: Parts,
): DiscoveredClusterReconciler {
  const { client: parent, clock, events } = runtime;
  const { discovered, managed } = informers;
  const metrics = joinMetrics(runtime.metrics, {
    discovered: () => discovered.list(),
    capiVersion: () => clusters.served.version,
    clock,
  });
  const { agentImage: ownImage, nodeLabelPrefixes, openChild } = options;
  const installer = new AgentInstaller({
    parent,
    agent: { ownImage, nodeLabelPrefixes },
    clock,
    metrics,
    ...(openChild && { openChild }),
  });
  const joiner = new Joiner({
    parent,
    managed,
    installer,
    hubAddress: pass => hubAddress(pass.policy?.spec.hubRef?.name ?? 'default'),
    ownerExists: owner => discovered.list().some(each => keyOf(each) === owner),
    selfName: options.selfName,
  });
  const follower = new CourseFollower({
    parent,
    clock,
    events,
    clusters,
    managed,
    installer,
    joiner,
    leaver: new Leaver({ parent, managed }),
  });
  const times = new JoinTimes(clock, metrics);
  return new DiscoveredClusterReconciler({
    runtime,
    clusters,
    informers,
    self,
    removals,
    follower,
    times,
    metrics,
  });
}

function resolve(
  name: string,
  { client }: Runtime,
  { connections, clusterInfo }: DiscoveryInformers,
  { parentURL }: ControllerOptions,
): HubAddressVerdict {
  const { ca } = client.access.tls;
  const connection = connections.get({ name });
  if (connection === undefined && name !== defaultConnection.metadata.name)
    return {
      reason: 'URLUnknown',
      message: `HubConnection ${name}, which the policy names in spec.hubRef, does not exist`,
    };
  return resolveHubAddress({
    connection,
    parentURL,
    clusterInfo: clusterInfo.get({ namespace: 'kube-public', name: 'cluster-info' }),
    ownCA: ca?.toString(),
  });
}
