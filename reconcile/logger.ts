import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger };

const censored = '[redacted]';

/** Fields that hold secrets wherever they turn up, up to three levels deep. */
const secretFields = ['token', 'authorization', 'kubeconfig', 'password', 'privateKey'];
const paths = secretFields.flatMap(name => [name, `*.${name}`, `*.*.${name}`]);

/** Secrets by their looks: JWTs, bearer headers, bootstrap tokens, PEM private keys. */
const secretShapes = [
  /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+/g,
  /(?<=\bBearer )[\w.~+/-]{8,}=*/gi,
  /\b[a-z0-9]{6}\.[a-z0-9]{16}\b/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----/gs,
];

/**
 * A logger writing one JSON line per event. Secrets are removed by field name and, since one can hide
 * in any message, by their looks. Level by CLUSTERNET_LOG_LEVEL (default `info`).
 */
export function createLogger(component: string, destination?: DestinationStream): Logger {
  const options = {
    base: { component },
    level: process.env.CLUSTERNET_LOG_LEVEL ?? 'info',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths, censor: censored },
    hooks: { streamWrite: withoutSecrets },
  };
  return destination ? pino(options, destination) : pino(options);
}

/** `text` with everything that looks like a secret replaced. */
export function withoutSecrets(text: string): string {
  return secretShapes.reduce((rest, shape) => rest.replace(shape, censored), text);
}
