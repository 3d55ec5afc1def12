import { lookup as resolve } from 'node:dns';
import { readFile } from 'node:fs/promises';
import type { LookupFunction } from 'node:net';
import { Agent, type Dispatcher, request } from 'undici';
import { type AllowedAddress, isSpecialAddress } from './allowed-address.ts';

/** An entry of the configuration together with the way to dial what it allows. */
export interface DirectPredictor extends AllowedAddress {
  ask(
    base: URL,
    clusterId: string,
    question: string,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData>;
}

/** Dials verified, with the entry's token, and follows no redirect. Files are read anew each time: they are mounted Secrets, which change. */
export function directPredictor(entry: AllowedAddress): DirectPredictor {
  const { caFile, tokenFile } = entry;
  let present: { readonly ca: string; readonly agent: Agent } | undefined;
  const connected = async (): Promise<Agent> => {
    const ca = caFile === undefined ? '' : await readFile(caFile, 'utf8');
    if (present?.ca !== ca) {
      void present?.agent.close();
      const agent = new Agent({ connect: { ...(ca && { ca }), lookup: ordinaryAddresses } });
      present = { ca, agent };
    }
    return present.agent;
  };
  return {
    ...entry,
    ask: async (base, clusterId, question, signal) => {
      const token = tokenFile && (await readFile(tokenFile, 'utf8')).trim();
      return request(`${base.href.replace(/\/$/, '')}/replicas/predict`, {
        dispatcher: await connected(),
        method: 'POST',
        headers: {
          accept: 'application/json',
          'content-type': 'application/json',
          'cluster-id': clusterId,
          ...(token && { authorization: `Bearer ${token}` }),
        },
        body: question,
        signal,
      });
    },
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
