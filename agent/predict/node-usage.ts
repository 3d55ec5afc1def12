import { isDeepStrictEqual } from 'node:util';
import { podRequests } from '../../api/core/pod-requests.ts';
import { addAmounts, amountsOf, type ResourceAmounts } from '../../api/core/resource-amounts.ts';
import type { Node, Pod } from '../../kube/builtin-kinds.ts';
import type { Informer } from '../../reconcile/informer.ts';
import type { Room } from './framework/plugin.ts';

const byNode = 'node';

interface Usage {
  readonly requested: ResourceAmounts;
  readonly pods: number;
}

/** What the pods of each node have been promised. Added up again only for nodes whose pods have changed. */
export class NodeUsage {
  readonly #pods: Informer<Pod>;
  readonly #known = new Map<string, Usage>();

  constructor(pods: Informer<Pod>) {
    this.#pods = pods;
    pods.addIndex(byNode, ({ spec }) => (spec?.nodeName ? [spec.nodeName] : []));
    pods.onChange(({ object, old }) => {
      // Most changes are of a status, and a pod is kept without it.
      if (old && isDeepStrictEqual(old.spec, object.spec)) return;
      for (const pod of [object, old]) this.#known.delete(pod?.spec?.nodeName ?? '');
    });
  }

  /** What the node has left: allocatable less requested. */
  roomOn({ metadata, status }: Node): Room {
    const { requested, pods } = this.#usageOf(metadata.name ?? '');
    const allocatable = amountsOf(status?.allocatable);
    const taken = new Map([...requested].map(([resource, amount]) => [resource, -amount]));
    const slots = allocatable.get('pods') ?? 0n;
    return { free: addAmounts(allocatable, taken), pods: Number(slots / 1_000_000_000n) - pods };
  }

  #usageOf(node: string): Usage {
    const known = this.#known.get(node);
    if (known !== undefined) return known;
    const pods = this.#pods.byIndex(byNode, node);
    const requested = new Map<string, bigint>();
    for (const { spec } of pods) {
      for (const [resource, amount] of spec === undefined ? [] : podRequests(spec)) {
        requested.set(resource, (requested.get(resource) ?? 0n) + amount);
      }
    }
    const usage: Usage = { requested, pods: pods.length };
    if (pods.length > 0) this.#known.set(node, usage);
    return usage;
  }
}
