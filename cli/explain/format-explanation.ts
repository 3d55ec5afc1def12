import type { ExplainedCluster, Explanation } from '../../api/apps/explanation.ts';

/** What to know to follow the numbers of a way of dividing. */
const arithmetic = {
  Static:
    'BY is the weight of a cluster: it gets floor(replicas x weight / sum of weights), the rest goes one each to the heaviest.',
  Spread:
    'BY is how many more fit: the difference to what there is goes out in proportion to it, by largest remainder.',
  Binpack: 'BY is how many more fit: clusters are filled one after the other.',
};

/** An explanation as people read it in a terminal. */
export function formatExplanation(explanation: Explanation): string {
  const { subscription, generation, profile, verdict, others } = explanation;
  const rest = Object.entries(others).map(([why, count]) => [`${count} more:`, why]);
  return [
    `Subscription ${subscription}, generation ${generation}, profile ${profile}`,
    `Scheduled=${verdict.status}/${verdict.reason}: ${verdict.message}`,
    '',
    ...table(['CLUSTER', 'FATE', 'SCORE', 'WHY'], explanation.clusters.map(clusterRow)),
    ...(rest.length > 0 ? ['', ...table([], rest)] : []),
    ...feedLines(explanation),
    '',
  ].join('\n');
}

function clusterRow({ key, fate, said, scores, unknown }: ExplainedCluster): readonly string[] {
  const sum = scores.reduce((total, { score, weight }) => total + score * weight, 0);
  const parts = scores.map(({ plugin, score, weight }) => `${plugin} ${score}x${weight}`);
  const score = scores.length === 0 ? '-' : `${Math.round(sum * 100) / 100} (${parts.join(' + ')})`;
  const words = said.map(({ plugin, reason }) => `${plugin}: ${reason}`);
  return [key, fate, score, [...words, ...(unknown ? [unknown] : [])].join('; ') || '-'];
}

function feedLines({ dividing, feeds, clusters }: Explanation): readonly string[] {
  if (dividing === undefined) return [];
  const tables = feeds.flatMap(({ feed, wanted, placed }) => {
    const rows = clusters.flatMap(({ key, shares }) =>
      shares
        .filter(share => share.feed === feed)
        .map(({ by, had, gets }) => [key, `${by ?? '-'}`, `${had}`, `${gets}`]),
    );
    const heading = `${feed}: ${placed} of ${wanted} replicas, ${dividing}`;
    return ['', heading, ...table(['CLUSTER', 'BY', 'HAD', 'GETS'], rows)];
  });
  return tables.length === 0 ? [] : [...tables, '', arithmetic[dividing]];
}

/** Columns as wide as what is in them. */
function table(heading: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const lines = heading.length === 0 ? rows : [heading, ...rows];
  const widths = (lines[0] ?? []).map((_, column) =>
    lines.reduce((width, line) => Math.max(width, (line[column] ?? '').length), 0),
  );
  return lines.map(line =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
