import type { KubeObject } from '../api/kube-object.ts';

/** The resourceVersion as a number to compare by; 0 when the object has none that is one. */
export function versionNumber({ metadata }: KubeObject): bigint {
  const text = metadata.resourceVersion ?? '';
  return /^\d+$/.test(text) ? BigInt(text) : 0n;
}
