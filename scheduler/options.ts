import { Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../api/duration.ts';
import { parseFeatureGates } from '../api/feature-gates.ts';
import { namespaces } from '../api/well-known.ts';
import { defaultGates, unknownGates } from './feature-gates.ts';

/** How one scheduler process is to run: flags, with what the Pod's environment says as defaults. */
export interface SchedulerOptions {
  readonly kubeconfig: string | undefined;
  /** Path of the configuration file; none means the default profile. */
  readonly config: string | undefined;
  /** Feature gates that were set, by name; the others have their defaults. */
  readonly featureGates: Readonly<Record<string, boolean>>;
  readonly bindAddress: string;
  readonly port: number;
  /** Undefined: lead at once. */
  readonly leaderElection:
    | {
        readonly namespace: string;
        readonly name: string;
        readonly identity: string;
        readonly leaseDurationMs: number;
        readonly renewDeadlineMs: number;
        readonly retryPeriodMs: number;
      }
    | undefined;
  /** The Pod's name, in events. */
  readonly instance: string;
}

const gateNames = Object.keys(defaultGates).join(', ');

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads flags; a wrong one ends in commander's error, which names the flag and what is allowed. */
export function readOptions(argv: readonly string[], environment: Environment): SchedulerOptions {
  const flags = command()
    .parse([...argv], { from: 'user' })
    .opts();
  const {
    CLUSTERNET_BIND_ADDRESS: bindAddress = '0.0.0.0',
    POD_NAMESPACE = namespaces.system,
    POD_NAME: instance = 'clusternet-scheduler',
    POD_UID: identity = crypto.randomUUID(),
  } = environment;
  return {
    kubeconfig: flags.kubeconfig,
    config: flags.config,
    featureGates: flags.featureGates,
    bindAddress,
    port: flags.securePort,
    instance,
    leaderElection: flags.leaderElect
      ? {
          namespace: flags.leaderElectResourceNamespace ?? POD_NAMESPACE,
          name: flags.leaderElectResourceName,
          identity,
          leaseDurationMs: flags.leaderElectLeaseDuration,
          renewDeadlineMs: flags.leaderElectRenewDeadline,
          retryPeriodMs: flags.leaderElectRetryPeriod,
        }
      : undefined,
  };
}

function command(): Command {
  return new Command('clusternet scheduler')
    .description('Places Subscriptions on clusters.')
    .exitOverride()
    .option('--config <path>', 'configuration file: profiles and their plugins')
    .option('--kubeconfig <path>', 'kubeconfig of the parent; in a Pod its own account by default')
    .addOption(
      new Option('--feature-gates <list>', `A=true,B=false; of ${gateNames}`)
        .default({})
        .argParser(parseGates),
    )
    .addOption(port('--secure-port', 'port of metrics and health, plain HTTP', 10659))
    .option('--leader-elect', 'wait for the Lease before scheduling', true)
    .option('--no-leader-elect', 'schedule at once; for a scheduler that is alone')
    .option('--leader-elect-resource-name <name>', 'the Lease', 'clusternet-scheduler')
    .option('--leader-elect-resource-namespace <name>', 'its namespace')
    .addOption(duration('lease-duration', 'how long others wait for a silent leader', '15s'))
    .addOption(duration('renew-deadline', 'how long a leader goes on without renewing', '10s'))
    .addOption(duration('retry-period', 'time between two tries', '2s'));
}

function parseGates(text: string): Readonly<Record<string, boolean>> {
  try {
    const gates = parseFeatureGates(text);
    const [unknown] = unknownGates(gates);
    if (unknown === undefined) return gates;
    throw new Error(`There is no gate "${unknown}"; there are ${gateNames}.`);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

function duration(name: string, description: string, standard: string): Option {
  return new Option(`--leader-elect-${name} <duration>`, description)
    .default(parseDuration(standard), standard)
    .argParser(text => {
      try {
        return parseDuration(text);
      } catch (error) {
        throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
      }
    });
}

function port(flag: string, description: string, standard: number): Option {
  return new Option(`${flag} <number>`, description).default(standard).argParser(text => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value <= 65_535) return value;
    throw new InvalidArgumentError('A port is a number from 0 (any free one) to 65535.');
  });
}
