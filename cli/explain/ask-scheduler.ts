import { type Explanation, explaining, parseExplanation } from '../../api/apps/explanation.ts';
import { subscriptions } from '../../api/apps/subscription.ts';
import { builtin } from '../../kube/builtin.ts';
import type { KubeClient } from '../../kube/client.ts';
import { sleep } from '../../kube/sleep.ts';

const lookAgainMs = 200;

/**
 * Asks by annotation why a Subscription is placed as it is, and waits for the scheduler's ConfigMap. Throws when the
 * Subscription is not there or may not be changed, and when nobody answers in time.
 */
export async function askScheduler(
  client: KubeClient,
  key: { readonly namespace: string; readonly name: string },
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Explanation> {
  const { namespace, name } = key;
  const id = new Date().toISOString();
  const body = { metadata: { annotations: { [explaining.annotation]: id } } };
  const write = { fieldManager: 'kubectl-clusternet' };
  await client.patch(subscriptions, key, { type: 'merge', body }, write, signal);
  const answer = { namespace, name: explaining.configMapOf(name) };
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await client.find(builtin.configMaps, answer, signal);
    if (found?.metadata.annotations?.[explaining.annotation] === id) {
      return parseExplanation(found.data?.[explaining.dataKey] ?? '');
    }
    if (performance.now() > deadline) throw new Error(silence(key, found !== undefined, timeoutMs));
    await sleep(lookAgainMs, signal);
  }
}

function silence(
  { namespace, name }: { readonly namespace: string; readonly name: string },
  occupied: boolean,
  timeoutMs: number,
): string {
  const why = occupied
    ? `ConfigMap ${explaining.configMapOf(name)} holds something else: if it is not the scheduler's, rename it`
    : 'see whether the scheduler runs, serves its spec.schedulerName, and has the same time as you';
  return `no answer about ${namespace}/${name} within ${timeoutMs / 1000} s: ${why}`;
}
