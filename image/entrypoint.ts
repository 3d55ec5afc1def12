import process from 'node:process';

/** What every component's main.ts exports: runs until `signal` aborts and answers the exit code. */
export type Component = (argv: string[], signal: AbortSignal) => Promise<number>;

const components: Readonly<Record<string, () => Promise<Component>>> = {
  hub: async () => (await import('../hub/main.ts')).run,
  discovery: async () => (await import('../discovery/main.ts')).run,
  agent: async () => (await import('../agent/main.ts')).run,
  scheduler: async () => (await import('../scheduler/main.ts')).run,
};

const usage = `Usage: clusternet <component> [flags]

One image carries every component of Clusternet:
  hub        aggregated API of the parent cluster: tunnels, approval, lifecycle, delivery
  scheduler  places Subscriptions on clusters
  discovery  finds Cluster API clusters and brings an agent into each
  agent      runs in each child cluster: registers, reports, applies

clusternet <component> --help lists a component's flags.
`;

process.exitCode = await main(process.argv.slice(2));

async function main([name = '', ...argv]: string[]): Promise<number> {
  if (name === '' || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(usage);
    return name === '' ? 2 : 0;
  }
  const load = components[name];
  if (load === undefined || !Object.hasOwn(components, name)) {
    process.stderr.write(`clusternet: unknown component ${JSON.stringify(name)}\n\n${usage}`);
    return 2;
  }
  const run = await load();
  return run(argv, stopSignal());
}

/** Aborts on the first SIGTERM or SIGINT; a second one ends the process at once. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(1);
      controller.abort(new Error(`received ${signal}`));
    });
  }
  return controller.signal;
}
