import { ClusternetError } from './errors.ts';

const milliseconds: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Reads a duration such as `300ms`, `5m` or `1h30m` to milliseconds. Throws `CN_API_DURATION`. */
export function parseDuration(text: string): number {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) {
    throw new ClusternetError(
      'CN_API_DURATION',
      `${JSON.stringify(text)} is not a duration: write numbers with a unit of ms, s, m or h, such as 5m or 1h30m`,
    );
  }
  const parts = text.matchAll(/(?<amount>\d+(?:\.\d+)?)(?<unit>ms|s|m|h)/g);
  return parts.reduce(
    (sum, { groups }) => sum + Number(groups?.amount) * (milliseconds[groups?.unit ?? ''] ?? 0),
    0,
  );
}
