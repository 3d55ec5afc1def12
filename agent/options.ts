import { Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../api/duration.ts';
import { parseFeatureGates } from '../api/feature-gates.ts';
import { isDnsLabel, isLabelKey, isLabelValue } from '../api/label-syntax.ts';
import { defaultNodeLabelRule, type NodeLabelRule } from '../api/node-labels.ts';
import {
  addPredictorOptions,
  type PredictorOptions,
  predictorGate,
  readPredictorOptions,
} from './predict/predictor-options.ts';
import type { ClusterRequest, RegistrationSettings } from './register/registration-settings.ts';

/** How one agent process is to run: flags, with what the Pod's environment says as defaults. */
export interface AgentOptions {
  readonly kubeconfig: string | undefined;
  /** What flags say of the parent; the rest comes from the registration Secret. */
  readonly registration: RegistrationSettings;
  /** Without --cluster-reg-name the name is made of this prefix and the cluster's id. */
  readonly clusterNamePrefix: string;
  readonly wanted: Omit<ClusterRequest, 'clusterName'> & { readonly clusterName?: string };
  readonly nodeLabelRule: NodeLabelRule;
  readonly predictor: PredictorOptions;
  /** Where to listen. */
  readonly bindAddress: string;
  readonly securePort: number;
  readonly election: LeaderElectionOptions;
  /** Which replica this is: the Pod's UID. */
  readonly identity: string;
  /** The Pod's name, in events. */
  readonly instance: string;
  /** Flags that were given and mean nothing to this agent, one sentence each. */
  readonly warnings: readonly string[];
}

export interface LeaderElectionOptions {
  readonly enabled: boolean;
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Flags of the upstream agent that have no meaning here; manifests that carry them still work. */
const ignoredFlags = [
  'cluster-status-update-frequency',
  'cluster-status-collect-frequency',
  'use-metrics-server',
  'enable-tunnel-logging',
  'kube-api-qps',
  'kube-api-burst',
  'profiling',
  'contention-profiling',
  'leader-elect-resource-lock',
  'leader-elect-resource-name',
  'leader-elect-resource-namespace',
  'logging-format',
  'vmodule',
  'v',
] as const;

/** Reads flags; a wrong one ends in commander's error, which names the flag and what is allowed. */
export function readOptions(argv: readonly string[], environment: Environment): AgentOptions {
  const command = agentCommand();
  const flags = command.parse(withoutShortVerbosity(argv), { from: 'user' }).opts();
  const { CLUSTERNET_BIND_ADDRESS: bindAddress = '0.0.0.0', POD_NAME, POD_UID } = environment;
  return {
    kubeconfig: flags.kubeconfig,
    registration: {
      parentURL: flags.clusterRegParentUrl || undefined,
      token: flags.clusterRegToken || undefined,
    },
    clusterNamePrefix: flags.clusterRegNamePrefix,
    wanted: {
      ...(flags.clusterRegName ? { clusterName: flags.clusterRegName } : {}),
      clusterNamespace: flags.clusterRegNamespace || undefined,
      clusterType: flags.clusterRegType,
      clusterLabels: flags.clusterLabels,
      syncMode: flags.clusterSyncMode,
    },
    predictor: readPredictorOptions(command),
    nodeLabelRule: {
      prefixes: flags.labelsAggregatePrefix ?? defaultNodeLabelRule.prefixes,
      threshold: flags.labelsAggregateThreshold,
    },
    bindAddress,
    securePort: flags.securePort,
    election: {
      enabled: flags.leaderElect,
      leaseDurationMs: flags.leaderElectLeaseDuration,
      renewDeadlineMs: flags.leaderElectRenewDeadline,
      retryPeriodMs: flags.leaderElectRetryPeriod,
    },
    identity: POD_UID ?? crypto.randomUUID(),
    instance: POD_NAME ?? 'clusternet-agent',
    warnings: [
      ...ignoredFlags
        .filter(name => command.getOptionValueSource(camelCase(name)) === 'cli')
        .map(name => `flag --${name} has no effect in this agent`),
      ...Object.keys(flags.featureGates)
        .filter(gate => gate !== predictorGate)
        .map(gate => `feature gate ${gate} has no effect in this agent`),
    ],
  };
}

function agentCommand(): Command {
  const command = new Command('clusternet agent')
    .description(
      'Joins the cluster it runs in to a parent, reports it, and applies what it is given.',
    )
    .exitOverride()
    .option(
      '--kubeconfig <path>',
      'kubeconfig of this cluster; in a Pod its own account by default',
    )
    .option(
      '--cluster-reg-parent-url <url>',
      "parent's API server; default: the registration Secret",
    )
    .option('--cluster-reg-token <token>', 'bootstrap token; default: the registration Secret')
    .addOption(name('--cluster-reg-name <name>', 'name of the cluster in the parent'))
    .addOption(
      name('--cluster-reg-name-prefix <text>', 'start of the name when none is given', 54).default(
        'clusternet-cluster',
      ),
    )
    .addOption(name('--cluster-reg-namespace <name>', 'dedicated namespace to ask for'))
    .option(
      '--cluster-reg-type <type>',
      'StandardCluster, EdgeCluster or your own',
      'StandardCluster',
    )
    .addOption(
      new Option('--cluster-sync-mode <mode>', 'who applies: the agent (Pull, and Dual)')
        .choices(['Pull', 'Dual'])
        .default('Pull'),
    )
    .addOption(
      new Option('--cluster-labels <list>', 'labels for the cluster, a=b,c=d')
        .default({})
        .argParser(parseLabels),
    )
    .addOption(threshold('--labels-aggregate-threshold <share>', 'of workers that share a label'))
    .addOption(
      new Option(
        '--labels-aggregate-prefix <prefix>',
        'of node labels that count; repeatable',
      ).argParser((prefix, all: readonly string[] = []) => [...all, prefix]),
    )
    .addOption(
      new Option('--feature-gates <list>', 'A=true,B=false; Predictor (true) is the only one here')
        .default({})
        .argParser(parseGates),
    )
    .addOption(port('--secure-port <number>', 'port of metrics and health, plain HTTP', 10650))
    .addOption(bool('--leader-elect [bool]', 'lead only while holding the Lease').default(true))
    .addOption(duration('--leader-elect-lease-duration <time>', 'life of the Lease', 15_000))
    .addOption(duration('--leader-elect-renew-deadline <time>', 'to renew it', 10_000))
    .addOption(duration('--leader-elect-retry-period <time>', 'between two tries', 2_000));
  addPredictorOptions(command);
  for (const flag of ignoredFlags) command.addOption(new Option(`--${flag} [value]`).hideHelp());
  return command;
}

/** klog's `-v=4` and `-v 4`, which commander would take for single letters. */
function withoutShortVerbosity(argv: readonly string[]): string[] {
  return argv.map(word => (/^-v(=|$)/.test(word) ? `-${word}` : word));
}

function camelCase(name: string): string {
  return name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

function name(flags: string, description: string, longest = 63): Option {
  return new Option(flags, description).argParser(text => {
    if (text === '' || (isDnsLabel(text) && text.length <= longest)) return text;
    throw new InvalidArgumentError(
      `It must be lower-case letters, digits and inner dashes, at most ${longest} characters.`,
    );
  });
}

function parseLabels(text: string): Record<string, string> {
  const entries = text.split(',').filter(entry => entry !== '');
  return Object.fromEntries(
    entries.map(entry => {
      const [key = '', value, ...rest] = entry.split('=');
      const isPair = value !== undefined && rest.length === 0;
      if (isPair && isLabelKey(key) && isLabelValue(value)) return [key, value];
      throw new InvalidArgumentError(`"${entry}" is not key=value of a valid label.`);
    }),
  );
}

function parseGates(text: string): Readonly<Record<string, boolean>> {
  try {
    return parseFeatureGates(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

function threshold(flags: string, description: string): Option {
  const option = new Option(flags, description).default(defaultNodeLabelRule.threshold);
  return option.argParser(text => {
    const value = Number(text);
    if (value > 0 && value <= 1) return value;
    throw new InvalidArgumentError('It must be a number above 0 and up to 1.');
  });
}

function port(flags: string, description: string, standard: number): Option {
  return new Option(flags, description).default(standard).argParser(text => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value <= 65_535) return value;
    throw new InvalidArgumentError('A port is a number from 0 (any free one) to 65535.');
  });
}

function bool(flags: string, description: string): Option {
  return new Option(flags, description).preset(true).argParser(text => {
    if (/^(true|false)$/.test(String(text))) return String(text) === 'true';
    throw new InvalidArgumentError('It must be true or false.');
  });
}

function duration(flags: string, description: string, standard: number): Option {
  return new Option(flags, description).default(standard).argParser(text => {
    try {
      return parseDuration(text);
    } catch (error) {
      throw new InvalidArgumentError((error as Error).message);
    }
  });
}
