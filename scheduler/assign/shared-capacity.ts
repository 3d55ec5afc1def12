/**
 * What a cluster has left for one feed while other feeds of the same Subscription take from the same free
 * resources. A feed of which `n` of `capacity` replicas were placed has used `n / capacity` of the cluster; what is
 * left for another is `floor(capacity * (1 - used))`. Exact when feeds need the same resources in the same
 * proportion, cautious otherwise: never more than fits.
 */
export class SharedCapacity {
  /** The part of the cluster that is spoken for, 0 to 1, as a fraction of whole numbers. */
  #used = { part: 0n, of: 1n };

  /** How many more replicas fit of a feed of which `capacity` would fit into the empty rest. */
  left(capacity: number): number {
    const { part, of } = this.#used;
    if (part === 0n) return capacity;
    return Number((BigInt(capacity) * (of - part)) / of);
  }

  /** Notes that `count` more replicas of a feed with this capacity are placed. */
  take(count: number, capacity: number): void {
    if (count <= 0 || capacity <= 0) return;
    const { part, of } = this.#used;
    const used = part * BigInt(capacity) + BigInt(count) * of;
    const whole = of * BigInt(capacity);
    this.#used = { part: used < whole ? used : whole, of: whole };
  }
}
