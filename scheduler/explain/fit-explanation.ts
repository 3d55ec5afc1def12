import type { ExplainedCluster, Explanation } from '../../api/apps/explanation.ts';

/** The explanation as JSON of at most `limit` bytes: clusters that find no room are counted by what was said of them. */
export function fitExplanation(explanation: Explanation, limit: number): string {
  const whole = JSON.stringify(explanation);
  if (Buffer.byteLength(whole) <= limit) return whole;
  const { clusters } = explanation;
  const sizes = clusters.map(each => Buffer.byteLength(JSON.stringify(each)) + 1);
  const total = sizes.reduce((a, b) => a + b, 0);
  let room = limit - (Buffer.byteLength(whole) - total) - roomForCounts;
  const shown = sizes.findIndex(size => {
    room -= size;
    return room < 0;
  });
  const others: Record<string, number> = {};
  for (const each of clusters.slice(shown)) {
    const why = reasonOf(each);
    const key = why in others || Object.keys(others).length < mostReasons ? why : 'other';
    others[key] = (others[key] ?? 0) + 1;
  }
  return JSON.stringify({ ...explanation, clusters: clusters.slice(0, shown), others });
}

/** Enough for as many reasons of the longest kind. */
const mostReasons = 64;
const longestReason = 200;
const roomForCounts = mostReasons * (longestReason * 4 + 16) + 256;

function reasonOf({ fate, said }: ExplainedCluster): string {
  const reason = said[0]?.reason ?? fate;
  return reason.slice(0, longestReason);
}
