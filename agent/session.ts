import type { NodeLabelRule } from '../api/node-labels.ts';
import type { Node } from '../kube/builtin-kinds.ts';
import { accessWithToken } from '../kube/token-access.ts';
import { version } from '../kube/version.ts';
import { runController } from '../reconcile/controller.ts';
import type { Informer } from '../reconcile/informer.ts';
import { createRuntime, type Runtime } from '../reconcile/runtime.ts';
import type { ParentSession } from './register/membership.ts';
import { reportController } from './report/report-controller.ts';
import { runTogether } from './run-together.ts';

/** What of the agent is there whether it is a member or not. */
export interface AgentContext {
  /** The cluster the agent runs in. */
  readonly child: Runtime;
  readonly nodes: Informer<Node>;
  readonly nodeLabelRule: NodeLabelRule;
  /** The Pod's name, in events. */
  readonly instance: string;
}

/** Everything the agent does as a member of its parent: reports, dials and applies. */
export async function serveSession(
  context: AgentContext,
  session: ParentSession,
  signal: AbortSignal,
): Promise<void> {
  const { child, instance } = context;
  const access = accessWithToken({
    server: session.server,
    caBundle: session.caBundle || undefined,
    token: session.token,
    onUnauthorized: session.tokenRefused,
  });
  const { logger, metrics } = child;
  const parent = createRuntime({
    access,
    component: 'clusternet-agent',
    instance,
    logger,
    metrics,
  });
  const cluster = { namespace: session.namespace, name: session.managedClusterName };
  const report = reportController({
    child: child.client,
    nodes: context.nodes,
    parent: parent.client,
    cluster,
    agentVersion: version,
    nodeLabelRule: context.nodeLabelRule,
  });
  try {
    await runTogether([running => runController(report, parent, running)], signal);
  } finally {
    await parent.cache.stopped();
    await access.close();
  }
}
