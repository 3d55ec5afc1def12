import { lookup as resolve } from 'node:dns';
import { readFile } from 'node:fs/promises';
import type { LookupFunction } from 'node:net';
import { Agent, type Dispatcher, request } from 'undici';
import { isSpecialAddress } from './predict/allowed-address.ts';

/** How to prove who is asked, and who asks. */
export interface VerifiedPostOptions {
  /** PEM of the CAs to verify the server by; default: those this machine trusts. */
  readonly caFile?: string | undefined;
  /** Holds the bearer token to send. */
  readonly tokenFile?: string | undefined;
  /** Also dials the machine itself and its neighbours on the link. */
  readonly special?: boolean | undefined;
}

/** Sends JSON; the answer's body must be read to its end or destroyed. */
export type VerifiedPost = (
  url: string,
  body: string,
  signal: AbortSignal,
  headers?: Readonly<Record<string, string>>,
) => Promise<Dispatcher.ResponseData>;

/** Posts to servers that are verified, and follows no redirect. Files are read anew each time: they are mounted Secrets, which change. */
export function verifiedPost({ caFile, tokenFile, special }: VerifiedPostOptions): VerifiedPost {
  let present: { readonly ca: string; readonly agent: Agent } | undefined;
  const connected = async (): Promise<Agent> => {
    const ca = caFile === undefined ? '' : await readFile(caFile, 'utf8');
    if (present?.ca !== ca) {
      void present?.agent.close();
      const connect = { ...(ca && { ca }), ...(!special && { lookup: ordinaryAddresses }) };
      present = { ca, agent: new Agent({ connect }) };
    }
    return present.agent;
  };
  return async (url, body, signal, headers) => {
    const token = tokenFile && (await readFile(tokenFile, 'utf8')).trim();
    return request(url, {
      dispatcher: await connected(),
      method: 'POST',
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        ...headers,
        ...(token && { authorization: `Bearer ${token}` }),
      },
      body,
      signal,
    });
  };
}

/** Resolves a DNS name, and refuses one that leads to the machine itself or its neighbours on the link. */
const ordinaryAddresses: LookupFunction = (hostname, options, callback) => {
  resolve(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, '', 0);
    const bad = addresses.find(({ address }) => isSpecialAddress(address));
    const [first] = addresses;
    if (bad !== undefined || first === undefined) {
      const why = bad === undefined ? 'has no address' : `leads to ${bad.address}`;
      return callback(new Error(`${hostname} ${why}, which is not dialled`), '', 0);
    }
    if (options.all) return callback(null, addresses);
    return callback(null, first.address, first.family);
  });
};
