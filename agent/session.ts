import { managedClusters } from '../api/clusters/managed-cluster.ts';
import type { NodeLabelRule } from '../api/node-labels.ts';
import { discoverySources, labels } from '../api/well-known.ts';
import { Backoff } from '../kube/backoff.ts';
import type { Node } from '../kube/builtin-kinds.ts';
import { KubeClient, type ObjectKey } from '../kube/client.ts';
import { sleep } from '../kube/sleep.ts';
import { accessWithToken } from '../kube/token-access.ts';
import { version } from '../kube/version.ts';
import { Cache } from '../reconcile/cache.ts';
import { runController } from '../reconcile/controller.ts';
import type { Informer } from '../reconcile/informer.ts';
import { createRuntime, type Runtime } from '../reconcile/runtime.ts';
import type { RequestHandler } from '../tunnel/agent-end.ts';
import { deployerAccess } from './apply/deployer-access.ts';
import { descriptionController } from './apply/description-controller.ts';
import { runDialer } from './dial/dialer.ts';
import { dialerMetrics } from './dial/dialer-metrics.ts';
import type { AgentPredictor } from './predict/agent-predictor.ts';
import type { DialNote } from './register/dial-note.ts';
import { classifyDialFailure } from './register/join-failure.ts';
import type { ParentSession } from './register/membership.ts';
import { reportController } from './report/report-controller.ts';
import { runTogether } from './run-together.ts';
import { ChildConnections } from './serve/child-connections.ts';
import { childHandler } from './serve/serve.ts';
import { serveTarget } from './serve/serve-target.ts';

/** What of the agent is there whether it is a member or not. */
export interface AgentContext {
  /** The cluster the agent runs in. */
  readonly child: Runtime;
  readonly nodes: Informer<Node>;
  readonly nodeLabelRule: NodeLabelRule;
  readonly predictor: AgentPredictor;
  readonly note: DialNote;
  /** The Pod's name, in events. */
  readonly instance: string;
}

/** Everything the agent does as a member of its parent: reports, serves the child's API through its tunnel, and applies. */
export async function serveSession(
  context: AgentContext,
  session: ParentSession,
  signal: AbortSignal,
): Promise<void> {
  const access = accessWithToken({
    server: session.server,
    caBundle: session.caBundle || undefined,
    token: session.token,
    onUnauthorized: session.tokenRefused,
  });
  const { logger, metrics } = context.child;
  const { instance } = context;
  const parent = createRuntime({
    access,
    component: 'clusternet-agent',
    instance,
    logger,
    metrics,
  });
  const cluster = { namespace: session.namespace, name: session.managedClusterName };
  const tasks = [
    (running: AbortSignal) => report(context, parent, cluster, running),
    (running: AbortSignal) => dial(context, session, running),
    (running: AbortSignal) => apply(context, parent, cluster, running),
  ];
  try {
    await runTogether(tasks, signal);
  } finally {
    await access.close();
  }
}

async function report(
  { child, nodes, nodeLabelRule, predictor }: AgentContext,
  parent: Runtime,
  cluster: ObjectKey,
  signal: AbortSignal,
): Promise<void> {
  const controller = reportController({
    child: child.client,
    nodes,
    parent: parent.client,
    cluster,
    agentVersion: version,
    nodeLabelRule,
    predictor: predictor.facts,
  });
  await runController(controller, parent, signal);
}

async function dial(
  { child, note, predictor }: AgentContext,
  { server, clusterId, caBundle, token, tokenRefused }: ParentSession,
  signal: AbortSignal,
): Promise<void> {
  const { logger, metrics, client } = child;
  const connections = new ChildConnections(client.access);
  const dialAndServe = (serve: RequestHandler) =>
    runDialer(
      {
        parent: server,
        clusterId,
        caBundle,
        token,
        serve,
        build: `clusternet-agent/${version}`,
        logger,
        metrics: dialerMetrics(metrics),
        onConnected: () => note.succeeded(signal),
        onFailure: error => {
          if (error.statusCode === 401) tokenRefused();
          note.failed(classifyDialFailure(error, server.href), signal);
        },
      },
      signal,
    );
  try {
    await predictor.serve(clusterId, answer =>
      dialAndServe(
        serveTarget({ child: childHandler(connections), ...(answer && { predictor: answer }) }),
      ),
    );
  } finally {
    await connections.close();
  }
}

async function apply(
  { child, instance }: AgentContext,
  parent: Runtime,
  cluster: ObjectKey & { readonly namespace: string },
  signal: AbortSignal,
): Promise<void> {
  const access = deployerAccess(child.client);
  const client = new KubeClient(access, { userAgent: `clusternet-agent/${instance}` });
  const cache = new Cache(client, { logger: child.logger });
  try {
    const controller = descriptionController({
      parent,
      namespace: cluster.namespace,
      child: child.client,
      deployer: { client, cache },
      isParent: await isParentItself(parent, cluster, signal),
    });
    parent.cache.start(signal);
    cache.start(signal);
    await runController(controller, parent, signal);
  } finally {
    await Promise.all([parent.cache.stopped(), cache.stopped()]);
    await access.close();
  }
}

/** Whether the cluster is the parent as a child of its own; asks until there is an answer, since much depends on it. */
async function isParentItself(
  { client, logger }: Runtime,
  cluster: ObjectKey,
  signal: AbortSignal,
): Promise<boolean> {
  const backoff = new Backoff();
  for (;;) {
    try {
      const { metadata } = await client.get(managedClusters, cluster, signal);
      return metadata.labels?.[labels.discoverySource] === discoverySources.self;
    } catch (error) {
      signal.throwIfAborted();
      logger.warn({ err: error }, 'cannot read the ManagedCluster of this cluster yet');
      await sleep(backoff.next(), signal);
    }
  }
}
