/** A flag of a program that says where it listens. */
export interface ListenFlag {
  readonly flag: string;
  /** `address` takes host and port; `port` takes a port alone, so that the program listens on all addresses. */
  readonly takes: 'address' | 'port';
  /** Where the program listens without the flag. */
  readonly defaultPort: number;
}

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

export interface RewrittenArguments {
  readonly args: readonly string[];
  /** Where a port of the container is really reached, if not at the pod's own address. */
  readonly ports: ReadonlyMap<number, Endpoint>;
  /** One sentence for each change. */
  readonly notes: readonly string[];
}

/**
 * Makes a program that knows nothing of the pod runner listen where no other does: on the pod's own address where its flags
 * allow an address, on a free port where they do not.
 */
export async function rewritePorts(
  args: readonly string[],
  flags: readonly ListenFlag[],
  podAddress: string,
  freePort: () => Promise<number>,
): Promise<RewrittenArguments> {
  const rewritten = [...args];
  const ports = new Map<number, Endpoint>();
  const notes: string[] = [];
  for (const { flag, takes, defaultPort } of flags) {
    const { index, length, value } = findFlag(rewritten, flag);
    const port = Number(value?.split(':').at(-1) || defaultPort);
    // A program that listens on all addresses is reached on the first loopback address like on any other.
    const endpoint =
      takes === 'address'
        ? { address: podAddress, port }
        : { address: '127.0.0.1', port: await freePort() };
    const text = takes === 'address' ? `${podAddress}:${port}` : `${endpoint.port}`;
    rewritten.splice(index, length, `${flag}=${text}`);
    ports.set(port, endpoint);
    notes.push(`${flag} ${value ?? `(${defaultPort} by default)`} became ${text}`);
  }
  return { args: rewritten, ports, notes };
}

function findFlag(args: readonly string[], flag: string) {
  const index = args.findIndex(arg => arg === flag || arg.startsWith(`${flag}=`));
  if (index === -1) return { index: args.length, length: 0, value: undefined };
  if (args[index] === flag) return { index, length: 2, value: args[index + 1] };
  return { index, length: 1, value: args[index]?.slice(flag.length + 1) };
}
