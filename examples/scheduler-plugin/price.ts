import type { Plugin, PluginModule } from '../../scheduler/framework/plugin.ts';

/** Args of plugin Price. */
interface PriceArgs {
  /** The label that says what an hour costs. */
  readonly label: string;
  /** Clusters that cost more, or do not say what they cost, get nothing new. */
  readonly most: number;
}

function price(args: unknown): Plugin {
  const { label, most } = readArgs(args);
  const costOf = (labels: Readonly<Record<string, string>> = {}) => Number(labels[label] ?? NaN);
  return {
    name: 'Price',
    filter: (_cycle, { metadata }) =>
      costOf(metadata.labels) <= most
        ? undefined
        : { reason: `cost more than ${most} an hour`, evicts: false },
    // What is retained may not say its price any more: then it is the last to be chosen.
    score: (_cycle, { metadata }) => -(costOf(metadata.labels) || Number.MAX_SAFE_INTEGER),
  };
}

function readArgs(args: unknown): PriceArgs {
  const { label, most } = (args ?? {}) as Partial<PriceArgs>;
  if (typeof label !== 'string' || label === '') throw new Error('args.label: must name a label');
  if (typeof most !== 'number' || most < 0) throw new Error('args.most: must be 0 or more');
  return { label, most };
}

export const apiVersion: PluginModule['apiVersion'] = 'scheduler.clusternet.io/v1alpha1';
export const plugins: PluginModule['plugins'] = { Price: price };
