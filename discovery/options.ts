import { Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../api/duration.ts';
import { addOnNodeLabelRule } from '../api/node-labels.ts';
import { namespaces } from '../api/well-known.ts';

/** How one discovery process is to run: flags, with what the Pod's environment says as defaults. */
export interface DiscoveryOptions {
  readonly kubeconfig: string | undefined;
  /** Where it runs and keeps its Lease, and where the parent stands as its own child. */
  readonly namespace: string;
  /** Watch Clusters of this namespace only. */
  readonly watchNamespace: string | undefined;
  /** Watch only Clusters whose label cluster.x-k8s.io/watch-filter says this. */
  readonly watchFilter: string | undefined;
  readonly health: ListenAddress | undefined;
  readonly diagnostics: ListenAddress | undefined;
  readonly leaderElect: boolean;
  readonly leaderElectionId: string;
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
  readonly concurrency: number;
  /** What children call the parent when HubConnection does not say it. */
  readonly parentURL: string | undefined;
  readonly selfName: string;
  readonly defaultMode: 'All' | 'OptIn';
  /** Undefined takes the image of discovery's own Pod. */
  readonly agentImage: string | undefined;
  readonly nodeLabelPrefixes: readonly string[];
  /** Which replica this is: the Pod's UID. */
  readonly identity: string;
  /** The Pod's name, in events. */
  readonly instance: string;
  /** Flags that Cluster API's operator may set and that mean nothing here. */
  readonly ignored: readonly string[];
}

export interface ListenAddress {
  readonly address: string;
  readonly port: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Flags of Cluster API's managers without a meaning here: accepted, since the operator sets them on every provider. */
const meaningless = [
  '--metrics-bind-addr <address>',
  '--insecure-diagnostics [value]',
  '--webhook-host <host>',
  '--webhook-port <port>',
  '--webhook-cert-dir <path>',
  '--profiler-address <address>',
  '--sync-period <duration>',
  '--v <level>',
  '--feature-gates <gates>',
];

/** Reads flags; a wrong one ends in commander's error, which names the flag and what is allowed. */
export function readOptions(argv: readonly string[], environment: Environment): DiscoveryOptions {
  const { known, concurrencies } = setPerKindConcurrencyAside(argv);
  const command = newCommand(environment).parse(known, { from: 'user' });
  const flags = command.opts();
  const { POD_NAMESPACE, POD_NAME, POD_UID } = environment;
  return {
    kubeconfig: flags.kubeconfig,
    namespace: POD_NAMESPACE ?? namespaces.system,
    watchNamespace: flags.namespace || undefined,
    watchFilter: flags.watchFilter || undefined,
    health: flags.healthAddr,
    diagnostics: flags.diagnosticsAddress,
    leaderElect: flags.leaderElect !== 'false',
    leaderElectionId: flags.leaderElectionId,
    leaseDurationMs: flags.leaderElectLeaseDuration,
    renewDeadlineMs: flags.leaderElectRenewDeadline,
    retryPeriodMs: flags.leaderElectRetryPeriod,
    concurrency: flags.maxConcurrentReconciles,
    parentURL: environment.CLUSTERNET_PARENT_URL || undefined,
    selfName: environment.CLUSTERNET_SELF_NAME || 'parent',
    defaultMode: flags.defaultMode,
    agentImage: flags.agentImage,
    nodeLabelPrefixes: flags.nodeLabelPrefixes,
    identity: POD_UID ?? crypto.randomUUID(),
    instance: POD_NAME ?? 'clusternet-discovery',
    ignored: [...concurrencies, ...meaningless.flatMap(flag => givenFlag(flag, command))],
  };
}

function newCommand(environment: Environment): Command {
  const { CLUSTERNET_BIND_ADDRESS: bind = '0.0.0.0' } = environment;
  const command = new Command('clusternet discovery')
    .description('Joins the clusters that Cluster API makes, and labels them.')
    .exitOverride()
    .option('--kubeconfig <path>', 'kubeconfig of the parent; in a Pod its own account by default')
    .option('--namespace <name>', 'watch Clusters of this namespace only')
    .option('--watch-filter <value>', 'watch only Clusters with this cluster.x-k8s.io/watch-filter')
    .addOption(listen('--health-addr', 'where /livez, /readyz and /metrics are', ':9440', bind))
    .addOption(listen('--diagnostics-address', 'where /metrics is too', ':8443', bind))
    .option('--leader-elect [value]', 'false leads at once; for a process that is alone', 'true')
    .option('--leader-election-id <name>', 'Lease of the leader', 'clusternet-discovery')
    .addOption(duration('--leader-elect-lease-duration', 'how long the Lease lasts', '15s'))
    .addOption(duration('--leader-elect-renew-deadline', 'when a leader gives up', '10s'))
    .addOption(duration('--leader-elect-retry-period', 'between two tries', '2s'))
    .addOption(
      new Option('--max-concurrent-reconciles <number>', 'clusters worked on at the same time')
        .argParser(positive)
        .default(20),
    )
    .addOption(
      new Option('--default-mode <mode>', 'mode of the policy made where there is none')
        .choices(['All', 'OptIn'])
        .default(environment.CLUSTERNET_DISCOVERY_MODE === 'OptIn' ? 'OptIn' : 'All'),
    )
    .option('--agent-image <image>', "image of agents; discovery's own by default")
    .addOption(
      new Option('--node-label-prefixes <list>', 'beginnings of node label keys that are copied')
        .argParser(text => text.split(',').filter(Boolean))
        .default(addOnNodeLabelRule.prefixes),
    );
  for (const flag of meaningless) command.addOption(new Option(flag).hideHelp());
  return command;
}

/** `--cluster-concurrency 10` and the like: one flag per kind of whatever provider. */
function setPerKindConcurrencyAside(argv: readonly string[]): {
  known: string[];
  concurrencies: string[];
} {
  const known: string[] = [];
  const concurrencies: string[] = [];
  for (let index = 0; index < argv.length; index++) {
    const flag = /^(--[a-z0-9]+-concurrency)(=.*)?$/.exec(argv[index] ?? '');
    if (flag === null) known.push(argv[index] ?? '');
    else {
      concurrencies.push(flag[1] ?? '');
      if (flag[2] === undefined) index++;
    }
  }
  return { known, concurrencies };
}

/** The long name of a meaningless flag when somebody gave it. */
function givenFlag(flag: string, command: Command): readonly string[] {
  const name = flag.split(' ')[0] ?? '';
  const value: unknown = command.getOptionValue(new Option(flag).attributeName());
  return value === undefined ? [] : [name];
}

function listen(flag: string, description: string, standard: string, bind: string): Option {
  return new Option(`${flag} <address>`, description)
    .default(listenAddress(standard, bind), standard)
    .argParser(text => listenAddress(text, bind));
}

/** `:8443`, `1.2.3.4:8443` or `[::1]:8443`; empty and `0` serve nothing. */
function listenAddress(text: string, standard: string): ListenAddress | undefined {
  if (text === '' || text === '0') return undefined;
  const parts = /^(?:\[(?<v6>.+)\]|(?<v4>[^:]*)):(?<port>\d{1,5})$/.exec(text)?.groups;
  if (parts === undefined || Number(parts.port) > 65_535)
    throw new InvalidArgumentError(
      `${JSON.stringify(text)} is no address: write :8443 or 1.2.3.4:8443.`,
    );
  return { address: parts.v6 ?? (parts.v4 || standard), port: Number(parts.port) };
}

function duration(flag: string, description: string, standard: string): Option {
  return new Option(`${flag} <duration>`, description)
    .default(parseDuration(standard), standard)
    .argParser(text => {
      try {
        return parseDuration(text);
      } catch (error) {
        throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
      }
    });
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('It must be a whole number above 0.');
}
