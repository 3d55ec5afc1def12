import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ServingFiles } from './predictor-server.ts';

/** Which predictor the cluster has, and who reaches it how. */
export interface PredictorOptions {
  /** Gate Predictor. */
  readonly enabled: boolean;
  /** `--predictor-addr`: a predictor that somebody else runs or, with `serving`, where ours is published. */
  readonly address: URL | undefined;
  /** The scheduler dials `address` itself instead of asking through the tunnel. */
  readonly directAccess: boolean;
  /** Files that show the agent to the predictor at `address`, and that to the agent. */
  readonly caFile: string | undefined;
  readonly tokenFile: string | undefined;
  /** With it our own predictor listens on `port`, too. */
  readonly serving: ServingFiles | undefined;
  readonly port: number;
}

/** Upstream's name of the feature gate; on unless switched off. */
export const predictorGate = 'Predictor';

/** Adds upstream's flags and those that make its plain HTTP unnecessary. */
export function addPredictorOptions(command: Command): void {
  const flags = [
    new Option(
      '--predictor-addr <url>',
      'predictor to ask instead of our own; with --predictor-tls-cert-file where ours is published',
    ).argParser(parseAddress),
    new Option('--predictor-direct-access [bool]', 'the scheduler dials --predictor-addr itself')
      .preset('true')
      .default(false)
      .argParser(parseBool),
    new Option('--predictor-port <number>', 'port of our own predictor, HTTPS')
      .default(8080)
      .argParser(parsePort),
    new Option('--predictor-tls-cert-file <path>', 'PEM certificate; our own predictor listens'),
    new Option('--predictor-tls-private-key-file <path>', 'its PEM key'),
    new Option('--predictor-ca-file <path>', 'PEM of the CAs to verify --predictor-addr by'),
    new Option('--predictor-token-file <path>', 'bearer token for --predictor-addr; https only'),
  ];
  for (const flag of flags) command.addOption(flag);
}

/** Reads what {@link addPredictorOptions} added; ends in commander's error when flags contradict each other. */
export function readPredictorOptions(command: Command): PredictorOptions {
  const flags = command.opts();
  const address = flags.predictorAddr as URL | undefined;
  const certificate = text(flags.predictorTlsCertFile);
  const key = text(flags.predictorTlsPrivateKeyFile);
  const tokenFile = text(flags.predictorTokenFile);
  const directAccess = flags.predictorDirectAccess === true;
  if ((certificate === undefined) !== (key === undefined)) {
    command.error(
      'error: --predictor-tls-cert-file and --predictor-tls-private-key-file are only good together',
    );
  }
  if (directAccess && address === undefined) {
    command.error(
      'error: --predictor-direct-access needs --predictor-addr, the URL by which the scheduler reaches the predictor',
    );
  }
  if (tokenFile !== undefined && address?.protocol !== 'https:') {
    command.error('error: --predictor-token-file needs an https URL in --predictor-addr');
  }
  return {
    enabled: flags.featureGates[predictorGate] ?? true,
    address,
    directAccess,
    caFile: text(flags.predictorCaFile),
    tokenFile,
    serving: certificate && key ? { certificate, key } : undefined,
    port: Number(flags.predictorPort),
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function parseAddress(value: string): URL | undefined {
  if (value === '') return undefined;
  const url = URL.parse(value);
  const isPlain = url && !(url.username || url.password || url.search || url.hash);
  if (isPlain && /^https?:$/.test(url.protocol)) return url;
  throw new InvalidArgumentError(
    'It must be an http or https URL without user, query and fragment.',
  );
}

function parseBool(value: string): boolean {
  if (/^(true|false)$/.test(value)) return value === 'true';
  throw new InvalidArgumentError('It must be true or false.');
}

function parsePort(value: string): number {
  const port = Number(value);
  if (/^\d+$/.test(value) && port <= 65_535) return port;
  throw new InvalidArgumentError('A port is a number from 0 (any free one) to 65535.');
}
