import { clusterDiscoveryPolicies } from '../api/discovery/cluster-discovery-policy.ts';
import { hubConnections } from '../api/discovery/hub-connection.ts';
import type { KubeObject } from '../api/kube-object.ts';
import type { Resource } from '../api/resource.ts';
import { isAlreadyExists } from '../kube/api-error.ts';
import { builtin } from '../kube/builtin.ts';
import type { KubeClient } from '../kube/client.ts';
import { runController } from '../reconcile/controller.ts';
import { type HealthServer, startHealthServer } from '../reconcile/health-server.ts';
import { runAsLeader } from '../reconcile/leader-election.ts';
import { runProcess } from '../reconcile/run-process.ts';
import type { Runtime } from '../reconcile/runtime.ts';
import { defaultPolicy } from './capi/policy-controller.ts';
import { createDiscovery } from './controllers.ts';
import { defaultConnection } from './hub-connection/hub-connection-controller.ts';
import { type DiscoveryOptions, readOptions } from './options.ts';

/** Runs discovery until `signal` aborts; the number is the exit code of the process. */
export function run(argv: string[], signal: AbortSignal): Promise<number> {
  return runProcess(
    { component: 'clusternet-discovery', readOptions, run: runDiscovery },
    argv,
    signal,
  );
}

async function runDiscovery(
  options: DiscoveryOptions,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<void> {
  for (const flag of options.ignored) runtime.logger.warn({ flag }, 'the flag has no meaning here');
  for (const flag of options.ignored) runtime.logger.warn({ flag }, 'the flag has no meaning here');
  const servers = await listen(options, runtime);
  try {
    const agentImage = options.agentImage ?? (await ownImage(options, runtime.client, signal));
    await lead(options, runtime, agentImage, signal);
  } finally {
    await Promise.all(servers.map(server => server.close()));
  }
}

/** A replica that waits for its turn is as ready as one that leads. */
function listen(options: DiscoveryOptions, { metrics }: Runtime): Promise<HealthServer[]> {
  const addresses = [options.health, options.diagnostics].filter(each => each !== undefined);
  const answers = { live: () => [], ready: () => [], metrics };
  return Promise.all(addresses.map(each => startHealthServer({ ...each, ...answers })));
}

async function lead(
  options: DiscoveryOptions,
  runtime: Runtime,
  agentImage: string,
  signal: AbortSignal,
): Promise<void> {
  const work = async (term: AbortSignal): Promise<void> => {
    await createDefaults(options, runtime, term);
    const { clusters, controllers } = createDiscovery(runtime, { ...options, agentImage });
    runtime.cache.start(term);
    await Promise.all([
      clusters.run(term),
      ...controllers.map(controller => runController(controller, runtime, term)),
    ]);
  };
  if (!options.leaderElect) return work(signal);
  const { client, logger, metrics, clock } = runtime;
  const { namespace, leaderElectionId: name, identity } = options;
  const { leaseDurationMs, renewDeadlineMs, retryPeriodMs } = options;
  const timing = { leaseDurationMs, renewDeadlineMs, retryPeriodMs };
  const election = { client, namespace, name, identity, ...timing, logger, metrics, clock };
  await runAsLeader(election, term => work(term.signal), signal);
}

/** Without a word from anybody every cluster joins: a policy and a connection are made where there are none. */
async function createDefaults(
  { defaultMode }: DiscoveryOptions,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<void> {
  await createWhereNone(runtime, clusterDiscoveryPolicies, defaultPolicy(defaultMode), signal);
  await createWhereNone(runtime, hubConnections, defaultConnection, signal);
}

async function createWhereNone<T extends KubeObject>(
  { client, logger }: Runtime,
  resource: Resource<T>,
  object: T,
  signal: AbortSignal,
): Promise<void> {
  const { items } = await client.list(resource, { limit: 1 }, signal);
  if (items.length > 0) return;
  try {
    await client.create(resource, object, signal);
    logger.info({ kind: resource.kind, name: object.metadata.name }, 'created the default');
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}

/** An image override for the add-on thus reaches the agents too. */
async function ownImage(
  { namespace, instance: name }: DiscoveryOptions,
  client: KubeClient,
  signal: AbortSignal,
): Promise<string> {
  const pod = await client.find(builtin.pods, { namespace, name }, signal);
  const image = pod?.spec?.containers.find(container => container.name === 'manager')?.image;
  if (image !== undefined) return image;
  throw new Error(
    `there is no Pod ${namespace}/${name} with a container manager: set --agent-image`,
  );
}
