import type { Environment } from './container-environment.ts';
import type { Container } from './pod.ts';
import type { ListenFlag } from './port-rewriting.ts';
import { expandVariables } from './variable-expansion.ts';

/** An image that the runner can run without having it: what its programs are on this machine. */
export interface KnownImage {
  /** The image name without tag and digest. */
  readonly repository: string;
  /** What stands for the image's own entry point. */
  readonly entrypoint: readonly string[];
  /** Programs that a container's `command` may name by their path in the image. */
  readonly programs?: Readonly<Record<string, readonly string[]>>;
  /** Given to its processes unless the container says otherwise. */
  readonly environment?: Environment;
  /** Set for programs that do not bind CLUSTERNET_BIND_ADDRESS by themselves. */
  readonly listenFlags?: readonly ListenFlag[];
}

/** The known image that an image reference names, whatever its tag or digest. */
export function findImage(image: string, known: readonly KnownImage[]): KnownImage | undefined {
  return known.find(({ repository }) =>
    [repository, `${repository}:`, `${repository}@`].some((start, index) =>
      index === 0 ? image === start : image.startsWith(start),
    ),
  );
}

/**
 * The command line of a container by the rules of Kubernetes: `command` replaces the entry point, `args` follow, variables
 * are expanded in both. Throws when `command` names a program that the known image does not have.
 */
export function containerCommand(
  container: Pick<Container, 'command' | 'args'>,
  image: KnownImage,
  environment: Environment,
): { readonly program: readonly string[]; readonly args: readonly string[] } {
  const [name, ...rest] = (container.command ?? []).map(word => expandVariables(word, environment));
  const args = (container.args ?? []).map(word => expandVariables(word, environment));
  if (name === undefined) return { program: image.entrypoint, args };
  const program = image.programs?.[name];
  if (program === undefined) {
    const names = Object.keys(image.programs ?? {}).join(', ') || 'none';
    throw new Error(`${image.repository} has no program ${name} here; it has: ${names}`);
  }
  return { program, args: [...rest, ...args] };
}
