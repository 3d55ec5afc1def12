import { agentLease, namespaces } from '../api/well-known.ts';
import { builtin } from '../kube/builtin.ts';
import { version } from '../kube/version.ts';
import { startHealthServer } from '../reconcile/health-server.ts';
import { runAsLeader } from '../reconcile/leader-election.ts';
import { runProcess } from '../reconcile/run-process.ts';
import type { Runtime } from '../reconcile/runtime.ts';
import { type AgentOptions, readOptions } from './options.ts';
import { AgentPredictor } from './predict/agent-predictor.ts';
import { readClusterId } from './register/agent-lease.ts';
import { DialNote } from './register/dial-note.ts';
import { keepMembership } from './register/membership.ts';
import { ensureAgentKey } from './register/parent-secret.ts';
import { reduceNode } from './report/node-facts.ts';
import { runTogether } from './run-together.ts';
import { type AgentContext, serveSession } from './session.ts';

/** Runs the agent until `signal` aborts; the number is the exit code of the process. */
export function run(argv: string[], signal: AbortSignal): Promise<number> {
  return runProcess({ component: 'clusternet-agent', readOptions, run: runAgent }, argv, signal);
}

async function runAgent(options: AgentOptions, child: Runtime, signal: AbortSignal): Promise<void> {
  const { bindAddress: address, securePort: port, warnings } = options;
  const { logger, metrics, cache } = child;
  for (const warning of warnings) logger.warn(warning);
  const none = () => [];
  const health = await startHealthServer({ address, port, live: none, ready: none, metrics });
  logger.info({ port: health.port, version }, 'agent is up');
  const nodes = cache.informer(builtin.nodes, { transform: reduceNode });
  const { nodeLabelRule, instance } = options;
  const predictor = new AgentPredictor(options.predictor, child, nodes);
  const note = new DialNote(child.client, logger);
  try {
    await asLeader(options, child, signal, term => {
      cache.start(term);
      const context = { child, nodes, nodeLabelRule, predictor, note, instance };
      const tasks = [
        (running: AbortSignal) => lead(options, context, running),
        (running: AbortSignal) => predictor.listen(address, running),
      ];
      return runTogether(tasks, term);
    });
  } finally {
    await note.written();
    await health.close();
  }
}

/** Only one replica of the agent acts; the others wait for its Lease. */
async function asLeader(
  { election, identity }: AgentOptions,
  { client, logger, metrics }: Runtime,
  signal: AbortSignal,
  act: (term: AbortSignal) => Promise<void>,
): Promise<void> {
  if (!election.enabled) return act(signal);
  const lease = { namespace: namespaces.system, name: agentLease, identity };
  await runAsLeader(
    { client, logger, metrics, ...lease, ...election },
    term => act(term.signal),
    signal,
  );
}

async function lead(
  options: AgentOptions,
  context: AgentContext,
  signal: AbortSignal,
): Promise<void> {
  const { client: child, logger } = context.child;
  const clusterId = await readClusterId(child, signal);
  const key = await ensureAgentKey(child, signal);
  const clusterName = `${options.clusterNamePrefix}-${clusterId.slice(0, 8)}`;
  await keepMembership(
    {
      child,
      clusterId,
      key,
      wanted: { clusterName, ...options.wanted },
      flags: options.registration,
      note: context.note,
      logger,
    },
    (session, running) => serveSession(context, session, running),
    signal,
  );
}
