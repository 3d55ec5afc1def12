import { maxReplicas } from '../../../api/apps/feed-inventory.ts';
import type { PredictorPlugin, Room } from '../framework/plugin.ts';

/** How often one replica's requests go into what the node has left, and no more than it takes pods. */
export const defaultComputer: PredictorPlugin = {
  name: 'DefaultComputer',
  compute: ({ requests, roomOn }, node) => replicasIn(roomOn(node), requests),
};

/** The resource that runs out first decides; a node that lacks one, or has promised too much of one, takes no replica. */
function replicasIn({ free, pods }: Room, requests: Room['free']): number {
  let fit = BigInt(Math.max(pods, 0));
  for (const [resource, needed] of requests) {
    if (needed <= 0n) continue;
    const left = free.get(resource) ?? 0n;
    const times = left > 0n ? left / needed : 0n;
    if (times < fit) fit = times;
  }
  return Math.min(Number(fit), maxReplicas);
}
