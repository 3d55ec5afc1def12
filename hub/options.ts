import { Command, InvalidArgumentError, Option } from 'commander';
import { parseFeatureGates } from '../api/feature-gates.ts';
import { namespaces } from '../api/well-known.ts';
import type { ApprovalMode } from './approve/registration-verdict.ts';

/** How one hub process is to run: flags, with what the Pod's environment says as defaults. */
export interface HubOptions {
  readonly kubeconfig: string | undefined;
  /** Where to listen. */
  readonly bindAddress: string;
  readonly securePort: number;
  readonly metricsPort: number;
  /** The Service by which the parent's API server reaches the hub, in `namespace`. */
  readonly serviceName: string;
  readonly servicePort: number;
  /** Where the hub runs and keeps its Secret and Leases. */
  readonly namespace: string;
  readonly reservedNamespace: string;
  readonly approve: ApprovalMode;
  /** Gate FeedInventory; off leaves the inventories to a controller of somebody else. */
  readonly feedInventory: boolean;
  readonly leaderElect: boolean;
  readonly leaderElectResourceName: string;
  /** Which replica this is: the Pod's UID. */
  readonly identity: string;
  /** The Pod's name, in events. */
  readonly instance: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads flags; a wrong one ends in commander's error, which names the flag and what is allowed. */
export function readOptions(argv: readonly string[], environment: Environment): HubOptions {
  const command = new Command('clusternet hub')
    .description('Serves the sockets API and looks after child clusters and what they are given.')
    .exitOverride()
    .option('--kubeconfig <path>', 'kubeconfig of the parent; in a Pod its own account by default')
    .addOption(port('--secure-port', 'port of the API', 8443))
    .addOption(port('--metrics-port', 'port of metrics and health, plain HTTP', 10660))
    .option(
      '--service-name <name>',
      'Service by which the parent reaches the API',
      'clusternet-hub',
    )
    .addOption(port('--service-port', 'port of that Service', 443))
    .option('--reserved-namespace <name>', 'where Manifests live', namespaces.reserved)
    .addOption(
      new Option('--approve <mode>', 'which registrations to approve: all, or those an admin sets')
        .choices(['auto', 'manual'])
        .default('auto'),
    )
    .addOption(
      new Option('--feature-gates <list>', 'FeedInventory=false: somebody else writes inventories')
        .default({})
        .argParser(parseGates),
    )
    .option('--no-leader-elect', 'lead at once; for a hub that is alone')
    .option('--leader-elect-resource-name <name>', 'Lease of the leader', 'clusternet-hub')
    .option('--leader-elect-resource-namespace <name>', 'its namespace, and that of the hub');
  const flags = command.parse([...argv], { from: 'user' }).opts();
  const {
    CLUSTERNET_BIND_ADDRESS: bindAddress = '0.0.0.0',
    POD_NAMESPACE,
    POD_NAME,
    POD_UID,
  } = environment;
  return {
    kubeconfig: flags.kubeconfig,
    bindAddress,
    securePort: flags.securePort,
    metricsPort: flags.metricsPort,
    serviceName: flags.serviceName,
    servicePort: flags.servicePort,
    namespace: flags.leaderElectResourceNamespace ?? POD_NAMESPACE ?? namespaces.system,
    reservedNamespace: flags.reservedNamespace,
    approve: flags.approve,
    feedInventory: flags.featureGates.FeedInventory ?? true,
    leaderElect: flags.leaderElect,
    leaderElectResourceName: flags.leaderElectResourceName,
    identity: POD_UID ?? crypto.randomUUID(),
    instance: POD_NAME ?? 'clusternet-hub',
  };
}

function parseGates(text: string): Readonly<Record<string, boolean>> {
  try {
    const gates = parseFeatureGates(text);
    const unknown = Object.keys(gates).find(gate => gate !== 'FeedInventory');
    if (unknown === undefined) return gates;
    throw new Error(`There is no gate "${unknown}" here; there is FeedInventory.`);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

function port(flag: string, description: string, standard: number): Option {
  return new Option(`${flag} <number>`, description).default(standard).argParser(text => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value <= 65_535) return value;
    throw new InvalidArgumentError('A port is a number from 0 (any free one) to 65535.');
  });
}
