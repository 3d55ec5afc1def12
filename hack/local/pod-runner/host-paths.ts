import { readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { HostPaths } from './mount-script.ts';

/** The file system as this process sees it. */
export function readHostPaths(): HostPaths {
  const mountPoints = readFileSync('/proc/self/mountinfo', 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => unescaped(line.split(' ')[4] ?? ''));
  return { deepest, mountPoints };
}

function deepest(path: string): { existing: string; missing: string } {
  const above: string[] = [];
  let candidate = path;
  while (!(isThere(candidate) && (above.length === 0 || isDirectory(candidate)))) {
    above.unshift(basename(candidate));
    candidate = dirname(candidate);
  }
  return { existing: realpathSync(candidate), missing: join(...above).replace(/^\.$/, '') };
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function isDirectory(path: string): boolean {
  return statSync(path).isDirectory();
}

/** proc(5): blanks, tabs, newlines and backslashes stand as octal escapes. */
function unescaped(field: string): string {
  return field.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
