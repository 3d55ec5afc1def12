import { readFileSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeFileAtomically } from './atomic-file.ts';
import { withMachineLock } from './machine-lock.ts';
import { isRunning, type ProcessRecord, recordOf } from './process-record.ts';

/** The slots there are: 127.64.0.0/16 to 127.250.0.0/16. */
export const firstSlot = 64;
export const lastSlot = 250;

/** Fixed places of a cluster's servers in its slot; the rest of the first 256 addresses is free for pods and tests. */
export const slotPorts = {
  apiServer: { host: 1, port: 6443 },
  etcdClient: { host: 2, port: 2379 },
  etcdPeer: { host: 2, port: 2380 },
  controllerManager: { host: 3, port: 10257 },
  kwok: { host: 4, port: 10247 },
} as const;

/**
 * One cluster's part of the loopback network: everything of it binds inside 127.N.0.0/16, so fixed ports never collide.
 * The Service range is the whole /16; Kubernetes hands out dynamic ClusterIPs beyond the first 256 addresses.
 */
export interface Slot {
  readonly number: number;
  readonly serviceRange: string;
  /** 127.N.0.host. */
  address(host: number): string;
  /** `address:port` of one of the servers with a fixed place. */
  endpoint(server: keyof typeof slotPorts): string;
  /** Gives the slot back. Call it when nothing listens in it any more. */
  release(): void;
}

/**
 * Claims a free slot, for all checkouts on this machine; `owner` says in words whose it is (a path, say).
 *  `wanted` asks for exactly that one: the slot a cluster's data was made for.
 */
export async function claimSlot(
  options: { readonly owner: string; readonly wanted?: number },
  signal: AbortSignal,
): Promise<Slot> {
  const directory = claimDirectory();
  await mkdir(directory, { recursive: true, mode: 0o700 });
  return withMachineLock('slots', () => claimLocked(directory, options), {}, signal);
}

/** Gives back the slots of owners whose name starts with `prefix` and whose process is gone. */
export async function releaseSlotsOf(prefix: string, signal: AbortSignal): Promise<void> {
  const release = async () => {
    for (const number of allSlots()) {
      const file = join(claimDirectory(), `${number}.json`);
      const claim = readClaim(file);
      if (claim?.owner.startsWith(prefix) && !claim.running) rmSync(file, { force: true });
    }
  };
  await withMachineLock('slots', release, {}, signal);
}

function claimDirectory(): string {
  return join(tmpdir(), `clusternet-slots-${process.getuid?.()}`);
}

interface Claim {
  readonly owner: string;
  readonly running: boolean;
}

async function claimLocked(
  directory: string,
  { owner, wanted }: { readonly owner: string; readonly wanted?: number },
): Promise<Slot> {
  const claimFile = (number: number) => join(directory, `${number}.json`);
  const claims = new Map(allSlots().map(number => [number, readClaim(claimFile(number))]));
  const candidates = wanted === undefined ? slotsToTry(claims) : [wanted];
  for (const number of candidates) {
    if (claims.get(number)?.running || (await isListening(number))) continue;
    const record = recordOf(process.pid, `slot ${number}`);
    writeFileAtomically(claimFile(number), `${JSON.stringify({ ...record, owner })}\n`);
    return slotOf(number, () => rmSync(claimFile(number), { force: true }));
  }
  throw new Error(
    wanted === undefined
      ? `all ${lastSlot - firstSlot + 1} slots of this machine are taken: run "npm run down" in a checkout that is not needed, or see ${directory}`
      : `the addresses 127.${wanted}.0.0/16 are in use (see ${join(directory, `${wanted}.json`)}): run "npm run down" first`,
  );
}

/**
 * The order in which slots are tried: those that nobody claims first, then those whose owner is dead, because that owner may
 * come back for its cluster's data. A living owner's slot is never tried.
 */
export function slotsToTry(
  claims: ReadonlyMap<number, { readonly running: boolean } | undefined>,
): number[] {
  const all = [...claims.keys()];
  return [
    ...all.filter(number => claims.get(number) === undefined),
    ...all.filter(number => claims.get(number)?.running === false),
  ];
}

/** The slot with this number, claimed by other means. */
export function slotOf(number: number, release: () => void): Slot {
  const address = (host: number) => `127.${number}.0.${host}`;
  return {
    number,
    serviceRange: `127.${number}.0.0/16`,
    address,
    endpoint: server => `${address(slotPorts[server].host)}:${slotPorts[server].port}`,
    release,
  };
}

function allSlots(): number[] {
  return Array.from({ length: lastSlot - firstSlot + 1 }, (_, index) => firstSlot + index);
}

function readClaim(file: string): Claim | undefined {
  try {
    const { owner, ...record } = JSON.parse(readFileSync(file, 'utf8')) as Claim & ProcessRecord;
    return { owner, running: isRunning(record) };
  } catch {
    return undefined;
  }
}

async function isListening(number: number): Promise<boolean> {
  const slot = slotOf(number, () => {});
  const answers = await Promise.all(
    Object.values(slotPorts).map(({ host, port }) => accepts(slot.address(host), port)),
  );
  return answers.includes(true);
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host, port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
