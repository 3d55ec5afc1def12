import type { Dispatcher } from 'undici';
import { verifiedPost } from '../verified-post.ts';
import type { AllowedAddress } from './allowed-address.ts';

/** An entry of the configuration together with the way to dial what it allows. */
export interface DirectPredictor extends AllowedAddress {
  ask(
    base: URL,
    clusterId: string,
    question: string,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData>;
}

/** Dials verified, with the entry's token. */
export function directPredictor(entry: AllowedAddress): DirectPredictor {
  const post = verifiedPost(entry);
  return {
    ...entry,
    ask: (base, clusterId, question, signal) => {
      const url = `${base.href.replace(/\/$/, '')}/replicas/predict`;
      return post(url, question, signal, { 'cluster-id': clusterId });
    },
  };
}
