import { execa } from 'execa';
import { toolsModuleDirectory } from './tools.ts';

/** The directory with the sources of a module that hack/tools pins, downloaded into Go's module cache when they are missing. */
export async function goModuleDirectory(module: string, signal: AbortSignal): Promise<string> {
  const { stdout } = await execa('go', ['mod', 'download', '-json', module], {
    cwd: toolsModuleDirectory,
    cancelSignal: signal,
  });
  return (JSON.parse(stdout) as { Dir: string }).Dir;
}
