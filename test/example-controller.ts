import { builtin } from '../kube/builtin.ts';
import { Applier } from '../reconcile/applier.ts';
import type { Controller } from '../reconcile/controller.ts';
import type { Runtime } from '../reconcile/runtime.ts';
import { watchObjects } from '../reconcile/source.ts';
import { TerminalError } from '../reconcile/terminal-error.ts';

const language = 'example.com/language';
const words: Readonly<Record<string, string>> = { en: 'Hello', de: 'Hallo', fr: 'Bonjour' };

/** Keeps a ConfigMap `greeting` in every Namespace that is labelled with a language. */
export function greetingController({ cache, client, events }: Runtime): Controller {
  const namespaces = cache.informer(builtin.namespaces, { labelSelector: language });
  const greetings = cache.informer(builtin.configMaps, {
    fieldSelector: 'metadata.name=greeting',
  });
  const applier = new Applier(client, 'greeting', (_resource, key) => greetings.get(key));
  return {
    name: 'greeting',
    sources: [
      watchObjects(namespaces),
      watchObjects(greetings, { enqueue: ({ object }) => [object.metadata.namespace ?? ''] }),
    ],
    reconcile: async (name, signal) => {
      const namespace = namespaces.get({ name });
      if (!namespace || namespace.metadata.deletionTimestamp) return;
      const code = namespace.metadata.labels?.[language] ?? '';
      const text = words[code];
      if (text === undefined) {
        const message = `label ${language}: "${code}" is not one of ${Object.keys(words)}`;
        events.warning(namespace, 'UnknownLanguage', message);
        throw new TerminalError(message);
      }
      const metadata = { namespace: name, name: 'greeting' };
      const desired = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { text } };
      await applier.apply(builtin.configMaps, desired, { force: true }, signal);
    },
  };
}
