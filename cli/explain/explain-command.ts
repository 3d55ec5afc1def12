import { Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../../api/duration.ts';
import { KubeClient } from '../../kube/client.ts';
import type { Surroundings } from '../surroundings.ts';
import { askScheduler } from './ask-scheduler.ts';
import { formatExplanation } from './format-explanation.ts';

interface ExplainOptions {
  readonly namespace?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly timeout: number;
  readonly output: 'text' | 'json';
}

/** `explain subscription <name>`: why a Subscription is placed as it is, cluster by cluster. */
export function explainCommand(surroundings: Surroundings): Command {
  const subscription = new Command('subscription')
    .alias('sub')
    .description('Say which plugin said what about each cluster, and how replicas were divided.')
    .argument('<name>', 'the Subscription')
    .option('-n, --namespace <name>', "its namespace; by default your context's")
    .option('--kubeconfig <path>', 'by default KUBECONFIG, or ~/.kube/config')
    .option('--context <name>', 'of the kubeconfig; by default the current one')
    .addOption(
      new Option('--timeout <duration>', 'how long to wait for the scheduler')
        .default(30_000, '30s')
        .argParser(readDuration),
    )
    .addOption(new Option('-o, --output <format>').choices(['text', 'json']).default('text'))
    .action((name: string, options: ExplainOptions) => explain(name, options, surroundings));
  return new Command('explain')
    .description('Say why something is as it is.')
    .addCommand(subscription);
}

async function explain(
  name: string,
  { kubeconfig: path, context, namespace: named, timeout: timeoutMs, output }: ExplainOptions,
  { connect, write, signal }: Surroundings,
): Promise<void> {
  const source = { path, context };
  const namespace = named ?? (await connect.namespace(source));
  const access = await connect.access(source);
  try {
    const client = new KubeClient(access, { userAgent: 'kubectl-clusternet' });
    const explanation = await askScheduler(client, { namespace, name }, timeoutMs, signal);
    const json = () => `${JSON.stringify(explanation, null, 2)}\n`;
    write(output === 'json' ? json() : formatExplanation(explanation));
  } finally {
    await access.close();
  }
}

function readDuration(text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}
