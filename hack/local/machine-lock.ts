import { connect, createServer, type Server } from 'node:net';
import { userInfo } from 'node:os';

/**
 * Runs `task` while no other process of this user on this machine runs one under the same name.
 *
 * The lock is a listening socket in Linux's abstract namespace: the kernel frees it the moment its holder dies, so no lock
 * file can go stale and no reused pid can pass for the holder. Whoever waits is connected to the holder, and learns of the
 * release by the end of that connection.
 */
export async function withMachineLock<R>(
  name: string,
  task: () => Promise<R>,
  options: { readonly onWait?: (holderPid: string) => void },
  signal: AbortSignal,
): Promise<R> {
  const address = `\0clusternet-${userInfo().uid}-${name}`;
  let server = await tryListen(address);
  while (server === undefined) {
    await holderReleases(address, options.onWait, signal);
    server = await tryListen(address);
  }
  try {
    return await task();
  } finally {
    await closed(server);
  }
}

const waiters = new WeakMap<Server, Set<{ destroy(): void }>>();

function tryListen(address: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const open = new Set<{ destroy(): void }>();
    const server = createServer(socket => {
      open.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => open.delete(socket));
      socket.write(String(process.pid));
    });
    waiters.set(server, open);
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(address, () => resolve(server));
  });
}

function holderReleases(
  address: string,
  onWait: ((holderPid: string) => void) | undefined,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = connect(address);
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

function closed(server: Server): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve());
    for (const socket of waiters.get(server) ?? []) socket.destroy();
  });
}
