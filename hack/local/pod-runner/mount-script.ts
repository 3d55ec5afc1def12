import { dirname, join, relative } from 'node:path';

/** A file or directory of this machine to be seen at a path of a container. */
export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly directory: boolean;
  readonly readOnly: boolean;
}

/** What the script must know about the file system it starts from. */
export interface HostPaths {
  /** The deepest existing directory on the way to the path, links resolved, and what is missing below it ('' if nothing). */
  deepest(path: string): { readonly existing: string; readonly missing: string };
  /** Mount points of the machine. */
  readonly mountPoints: readonly string[];
}

export interface MountScriptOptions {
  /** An empty directory of the container: what the script needs for itself is mounted there. */
  readonly scratch: string;
  /** All sources lie below this directory. */
  readonly sources: string;
  /** Whether the namespace belongs to a user namespace, where overlays keep their attributes under `user.`. */
  readonly userNamespace: boolean;
  readonly workingDirectory: string;
}

/**
 * A shell script for a new mount namespace: it shows each mount at its target and becomes its arguments ("$@").
 *
 * A target that does not exist appears in an overlay over its deepest existing directory, whose upper layer lives in
 * memory: the program sees the machine's files and the new ones, and the machine sees nothing. Throws for a target that
 * would need an overlay over the root directory.
 */
export function mountScript(
  mounts: readonly Mount[],
  host: HostPaths,
  options: MountScriptOptions,
): string {
  const targets = mounts.map(mount => ({ mount, ...host.deepest(mount.target) }));
  const overlaid = new Set(
    targets.filter(({ missing }) => missing !== '').map(({ existing }) => existing),
  );
  return [
    'set -e',
    `mount -t tmpfs -o mode=0755 pod-runner ${quote(options.scratch)}`,
    // An overlay may cover the scratch directory: everything in it is reached by relative paths from here on.
    `cd ${quote(options.scratch)}`,
    'mkdir sources',
    `mount --rbind ${quote(options.sources)} sources`,
    ...[...overlaid].flatMap((directory, index) => overlay(directory, index, host, options)),
    ...targets.flatMap(({ mount, existing, missing }) => {
      const target = missing === '' ? existing : join(existing, missing);
      return [...(missing === '' ? [] : makeTarget(target, mount)), bind(mount, target, options)];
    }),
    `cd ${quote(options.workingDirectory)}`,
    'exec "$@"',
  ].join('\n');
}

function overlay(
  directory: string,
  index: number,
  host: HostPaths,
  { userNamespace }: MountScriptOptions,
): string[] {
  if (directory === '/') {
    throw new Error(
      'a mountPath asks for a new directory in /: the pod runner can only add below a directory that this machine has',
    );
  }
  // What is mounted below a directory does not show in an overlay over it, so it is mounted there again.
  const inner = host.mountPoints.filter(path => path.startsWith(`${directory}/`));
  const kept = (number: number) => `${index}/inner-${number}`;
  const layers = `lowerdir=${directory},upperdir=${index}/upper,workdir=${index}/work`;
  const overlayOptions = userNamespace ? `userxattr,${layers}` : layers;
  return [
    `mkdir -p ${index}/upper ${index}/work`,
    ...inner.flatMap((path, number) => [
      `mkdir ${kept(number)}`,
      `mount --rbind ${quote(path)} ${kept(number)}`,
    ]),
    `mount -c -t overlay -o ${quote(overlayOptions)} pod-runner ${quote(directory)}`,
    ...inner.map((path, number) => `mount -c --rbind ${kept(number)} ${quote(path)}`),
  ];
}

function makeTarget(target: string, { directory }: Mount): string[] {
  if (directory) return [`mkdir -p ${quote(target)}`];
  return [`mkdir -p ${quote(dirname(target))}`, `: >${quote(target)}`];
}

function bind({ source, readOnly }: Mount, target: string, options: MountScriptOptions): string {
  const from = join('sources', relative(options.sources, source));
  return `mount -c --bind ${readOnly ? '-o ro ' : ''}${quote(from)} ${quote(target)}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
