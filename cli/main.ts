import process from 'node:process';
import { CommanderError } from 'commander';
import { accessFromKubeconfig, namespaceFromKubeconfig } from '../kube/kubeconfig-access.ts';
import { program } from './program.ts';

process.exitCode = await main(process.argv.slice(2));

async function main(argv: string[]): Promise<number> {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => stop.abort(new Error(`received ${signal}`)));
  }
  const write = (text: string) => void process.stdout.write(text);
  const connect = { access: accessFromKubeconfig, namespace: namespaceFromKubeconfig };
  try {
    await program({ write, connect, signal: stop.signal }).parseAsync(argv, { from: 'user' });
    return 0;
  } catch (error) {
    // Commander has told the user already.
    if (error instanceof CommanderError) return error.exitCode;
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}
