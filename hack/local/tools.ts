import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { availableParallelism, homedir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { estimateBuild } from './build-estimate.ts';
import { requireGo } from './go-version.ts';
import { withMachineLock } from './machine-lock.ts';
import { formatDuration, type Report } from './report.ts';
import { type ToolName, type ToolRecipe, toolCatalog, toolNames } from './tool-catalog.ts';
import { markToolsUsed, removeUnusedTools } from './unused-tools.ts';

/** Paths of the built programs, by name. */
export type Tools = Readonly<Record<ToolName, string>>;

/** Where the pinned versions stand: hack/tools. */
export const toolsModuleDirectory = join(import.meta.dirname, '..', 'tools');
const stillBuildingEveryMs = 15_000;

/**
 * Builds the missing ones among the named tools (`all` by default) into a cache that all checkouts of this user share, and
 * returns the paths of the whole catalog. Each program appears in the cache complete or not at all, so an interrupted build
 * resumes where it stopped; a second builder waits for the first. Whoever builds also clears away what is unused for long.
 */
export async function ensureTools(
  names: readonly ToolName[] | 'all',
  report: Report,
  signal: AbortSignal,
): Promise<Tools> {
  const goMod = await readFile(join(toolsModuleDirectory, 'go.mod'), 'utf8');
  const goSum = await readFile(join(toolsModuleDirectory, 'go.sum'), 'utf8');
  const catalog = toolCatalog(goMod);
  const key = cacheKey(goMod, goSum, catalog);
  const root = toolsRoot(process.env);
  const directory = join(root, key);
  const tools = Object.fromEntries(toolNames.map(name => [name, join(directory, name)])) as Tools;
  const missing = () =>
    toolNames.filter(name => (names === 'all' || names.includes(name)) && !existsSync(tools[name]));
  await mkdir(directory, { recursive: true });
  await markToolsUsed(directory);
  if (missing().length === 0) return tools;
  await withMachineLock(
    `tools-${hash(directory)}`,
    async () => {
      await buildAll(missing(), tools, catalog, report, signal);
      await removeUnusedTools(root, directory, report);
    },
    { onWait: pid => report(`waiting for process ${pid}, which is building the same tools`) },
    signal,
  );
  return tools;
}

/** Where built tools are kept: CLUSTERNET_TOOLS_DIR, or the user's cache directory. */
export function toolsRoot(env: NodeJS.ProcessEnv): string {
  if (env.CLUSTERNET_TOOLS_DIR) return env.CLUSTERNET_TOOLS_DIR;
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'clusternet', 'tools');
}

function cacheKey(goMod: string, goSum: string, catalog: unknown): string {
  return hash(JSON.stringify([goMod, goSum, catalog, buildFlags, process.arch]));
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

const buildFlags = ['-trimpath', '-buildvcs=false'];

async function buildAll(
  names: readonly ToolName[],
  tools: Tools,
  catalog: Readonly<Record<ToolName, ToolRecipe>>,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  if (names.length === 0) return;
  await requireGo(toolsModuleDirectory, signal);
  report(
    `building ${names.length} Kubernetes tools from Go sources: once per user, minutes when Go's own cache is cold`,
  );
  const begin = Date.now();
  for (const [index, name] of names.entries()) {
    const done = names.slice(0, index).map(each => catalog[each].weight);
    const left = names.slice(index).map(each => catalog[each].weight);
    const line = () => {
      const elapsed = Date.now() - begin;
      const rest = estimateBuild({ done, left, elapsedMs: elapsed });
      const estimate = rest === undefined ? '' : `, about ${formatDuration(rest)} left`;
      return `building ${name} (${index + 1} of ${names.length}), ${formatDuration(elapsed)} so far${estimate}`;
    };
    report(line());
    const ticker = setInterval(() => report(line()), stillBuildingEveryMs);
    try {
      await build(catalog[name], tools[name], signal);
    } finally {
      clearInterval(ticker);
    }
  }
  report(`built ${names.length} tools in ${formatDuration(Date.now() - begin)}`);
}

async function build(recipe: ToolRecipe, target: string, signal: AbortSignal): Promise<void> {
  const unfinished = `${target}.${process.pid}.unfinished`;
  const parallelism = String(availableParallelism());
  const flags = ['-p', parallelism, ...buildFlags, '-ldflags', recipe.ldflags, '-o', unfinished];
  const result = await execa('go', ['build', ...flags, recipe.package], {
    cwd: toolsModuleDirectory,
    env: { CGO_ENABLED: '0', GOFLAGS: '' },
    cancelSignal: signal,
    reject: false,
    all: true,
  });
  signal.throwIfAborted();
  if (result.failed) {
    throw new Error(`go build ${recipe.package} failed:\n${result.all ?? result.message}`);
  }
  await rename(unfinished, target);
}

// Run as a program, it builds everything: the test run does so while its quick checks are under way.
if (import.meta.main) {
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  process.once('SIGTERM', () => interrupted.abort());
  await ensureTools('all', line => console.log(line), interrupted.signal);
}
