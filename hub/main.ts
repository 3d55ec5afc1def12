import { resourceInterpreters } from '../api/apps/resource-interpreter.ts';
import { ClusternetError } from '../api/errors.ts';
import { version } from '../kube/version.ts';
import { type Controller, runController } from '../reconcile/controller.ts';
import { startHealthServer } from '../reconcile/health-server.ts';
import { runAsLeader } from '../reconcile/leader-election.ts';
import { runProcess } from '../reconcile/run-process.ts';
import type { Runtime } from '../reconcile/runtime.ts';
import { accessPlane } from './access-plane.ts';
import { registrationController } from './approve/registration-controller.ts';
import { ensureCertificateSet } from './certificates/certificate-store.ts';
import {
  apiRegistrationController,
  type HubService,
  serviceDnsNames,
} from './certificates/registration-controller.ts';
import { aggregationController } from './deliver/aggregation-controller.ts';
import { deliveryController } from './deliver/delivery-controller.ts';
import { manifestController } from './deliver/manifest-controller.ts';
import { ensureReservedNamespace } from './deliver/reserved-namespace.ts';
import { feedInventoryController } from './feed-inventory/feed-inventory-controller.ts';
import { FrontProxyTrust } from './front-proxy-trust.ts';
import { interpreterController } from './interpreters/interpreter-controller.ts';
import { InterpreterSet } from './interpreters/interpreter-set.ts';
import { cutRevokedTunnels } from './lifecycle/cut-revoked-tunnels.ts';
import { clusterHealthController } from './lifecycle/health-controller.ts';
import { leavingController } from './lifecycle/leaving-controller.ts';
import { type HubOptions, readOptions } from './options.ts';
import { serve } from './serve.ts';

/** Runs the hub until `signal` aborts; the number is the exit code of the process. */
export function run(argv: string[], signal: AbortSignal): Promise<number> {
  return runProcess({ component: 'clusternet-hub', readOptions, run: runHub }, argv, signal);
}

async function runHub(options: HubOptions, runtime: Runtime, signal: AbortSignal): Promise<void> {
  const { cache, logger, client, clock } = runtime;
  const service = serviceOf(options);
  const trust = new FrontProxyTrust(runtime);
  const sockets = accessPlane(options, runtime, trust);
  const controllers = controllersOf(options, runtime, service);
  const certificates = await ensureCertificateSet(
    client,
    service.namespace,
    serviceDnsNames(service),
    clock.now(),
  );
  cache.start(signal);
  await untilSynced(trust, signal);
  const verdict = trust.verdict();
  if (!verdict.trusted) throw new ClusternetError('CN_HUB_FRONT_PROXY', verdict.reason);

  cutRevokedTunnels(runtime, sockets);
  const ready = () => readiness(runtime, trust);
  const listener = await serve({
    runtime,
    trust,
    certificates,
    service,
    sockets,
    address: options.bindAddress,
    port: options.securePort,
    version,
    live: () => [],
    ready,
  });
  const health = await startHealthServer({
    address: options.bindAddress,
    port: options.metricsPort,
    live: () => [],
    ready,
    metrics: runtime.metrics,
  });
  logger.info({ port: listener.port, metricsPort: health.port, version }, 'serving');
  try {
    await Promise.all([sockets.run(signal), lead(options, runtime, controllers, signal)]);
  } finally {
    await Promise.all([listener.close(), health.close()]);
  }
}

function serviceOf({ namespace, serviceName, servicePort }: HubOptions): HubService {
  return { namespace, name: serviceName, port: servicePort };
}

function controllersOf(options: HubOptions, runtime: Runtime, service: HubService): Controller[] {
  const { reservedNamespace } = options;
  const interpreters = new InterpreterSet(runtime.cache.informer(resourceInterpreters));
  return [
    apiRegistrationController(runtime, service),
    registrationController(runtime, options.approve),
    clusterHealthController(runtime, options.namespace),
    leavingController(runtime, options.namespace),
    manifestController(runtime, reservedNamespace),
    deliveryController(runtime, reservedNamespace),
    aggregationController(runtime, reservedNamespace, interpreters),
    interpreterController(runtime, interpreters),
    ...(options.feedInventory
      ? [feedInventoryController(runtime, reservedNamespace, interpreters)]
      : []),
  ];
}

/** Runs the controllers while this replica leads; the API is served by all. */
async function lead(
  options: HubOptions,
  runtime: Runtime,
  controllers: readonly Controller[],
  signal: AbortSignal,
): Promise<void> {
  const runAll = async (term: AbortSignal): Promise<void> => {
    await ensureReservedNamespace(runtime.client, options.reservedNamespace, term);
    await Promise.all(controllers.map(controller => runController(controller, runtime, term)));
  };
  if (!options.leaderElect) return runAll(signal);
  const { client, logger, metrics, clock } = runtime;
  const election = {
    client,
    namespace: options.namespace,
    name: options.leaderElectResourceName,
    identity: options.identity,
    logger,
    metrics,
    clock,
  };
  await runAsLeader(election, term => runAll(term.signal), signal);
}

function readiness({ cache }: Runtime, trust: FrontProxyTrust): string[] {
  const verdict = trust.verdict();
  return [
    ...(cache.isSynced() ? [] : ['not every watch has its first list yet']),
    ...(verdict.trusted ? [] : [verdict.reason]),
  ];
}

async function untilSynced(trust: FrontProxyTrust, signal: AbortSignal): Promise<void> {
  const aborted = new Promise<void>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  await Promise.race([trust.synced(), aborted]);
}
