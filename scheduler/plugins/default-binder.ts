import { subscriptions } from '../../api/apps/subscription.ts';
import type { KubeClient } from '../../kube/client.ts';
import { patchStatus } from '../../reconcile/status-patch.ts';
import type { Plugin } from '../framework/plugin.ts';
import { statusWriter } from '../status-writer.ts';

/** Writes the placement to the Subscription's status. */
export function defaultBinder(client: KubeClient): Plugin {
  return {
    name: 'DefaultBinder',
    bind: async ({ subscription }, { status }, signal) => {
      await patchStatus(client, subscriptions, subscription, status, statusWriter, signal);
      return true;
    },
  };
}
