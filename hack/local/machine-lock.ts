import { connect, createServer, type Server, type Socket } from 'node:net';

/** A lock that is held until it is disposed of or its holder's process ends. */
export class MachineLock implements AsyncDisposable {
  readonly #server: Server;
  readonly #waiters: ReadonlySet<Socket>;

  constructor(server: Server, waiters: ReadonlySet<Socket>) {
    this.#server = server;
    this.#waiters = waiters;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return new Promise(resolve => {
      this.#server.close(() => resolve());
      for (const waiter of this.#waiters) waiter.destroy();
    });
  }
}

/**
 * Takes the lock of this name among all processes of this user on this machine; undefined when another one holds it.
 *
 * The lock is a listening socket in Linux's abstract namespace: the kernel frees it the moment its holder dies, so no lock
 * file can go stale and no reused pid can pass for the holder.
 */
export function tryMachineLock(name: string): Promise<MachineLock | undefined> {
  return new Promise((resolve, reject) => {
    const waiters = new Set<Socket>();
    const server = createServer(socket => {
      waiters.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => waiters.delete(socket));
      socket.write(String(process.pid));
    });
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(addressOf(name), () => resolve(new MachineLock(server, waiters)));
  });
}

/** Runs `task` holding the lock; waits for another holder to be done, and tells `onWait` that holder's pid. */
export async function withMachineLock<R>(
  name: string,
  task: () => Promise<R>,
  options: { readonly onWait?: (holderPid: string) => void },
  signal: AbortSignal,
): Promise<R> {
  let lock = await tryMachineLock(name);
  while (lock === undefined) {
    await holderReleases(name, options.onWait, signal);
    lock = await tryMachineLock(name);
  }
  await using _held = lock;
  return await task();
}

/** Waits connected to the holder, whose end, in whatever way it comes, ends the connection. */
function holderReleases(
  name: string,
  onWait: ((holderPid: string) => void) | undefined,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = connect(addressOf(name));
    const abort = () => {
      socket.destroy();
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    socket.once('data', pid => onWait?.(pid.toString()));
    // A refused connection means that the holder has just gone: that is a release, too.
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      signal.removeEventListener('abort', abort);
      resolve();
    });
  });
}

function addressOf(name: string): string {
  return `\0clusternet-${process.getuid?.()}-${name}`;
}
