import { type Manifest, manifests } from '../../api/apps/manifest.ts';
import type { Controller } from '../../reconcile/controller.ts';
import { splitKey } from '../../reconcile/key.ts';
import type { Runtime } from '../../reconcile/runtime.ts';
import { watchObjects } from '../../reconcile/source.ts';
import { contradictions, identityLabels, identityOf } from './manifest-identity.ts';

/** Adds the labels that say what a Manifest holds, and warns about one whose labels say something else. */
export function manifestController(runtime: Runtime, reservedNamespace: string): Controller {
  const { cache, client, events } = runtime;
  const informer = cache.informer(manifests, { namespace: reservedNamespace });
  return {
    name: 'manifest-labels',
    sources: [watchObjects(informer)],
    async reconcile(key, signal) {
      const manifest = informer.get(splitKey(key));
      if (manifest === undefined || manifest.metadata.deletionTimestamp !== undefined) return;
      const wrong = contradictions(manifest);
      if (wrong.length > 0) {
        const message = `Not delivered: ${wrong.join('; ')}.`;
        events.warning(manifest, 'ContradictoryManifest', message, 'Label');
        return;
      }
      const missing = missingLabels(manifest);
      if (Object.keys(missing).length === 0) return;
      const { namespace, name = '', uid } = manifest.metadata;
      const body = { metadata: { uid, labels: missing } };
      const options = { fieldManager: 'clusternet-hub' };
      await client.patch(manifests, { namespace, name }, { type: 'merge', body }, options, signal);
    },
  };
}

function missingLabels(manifest: Manifest): Readonly<Record<string, string>> {
  const identity = identityOf(manifest);
  const present = manifest.metadata.labels ?? {};
  const wanted = identity === undefined ? {} : identityLabels(identity);
  return Object.fromEntries(Object.entries(wanted).filter(([key]) => present[key] === undefined));
}
