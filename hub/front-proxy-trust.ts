import { builtin } from '../kube/builtin.ts';
import type { ConfigMap } from '../kube/builtin-kinds.ts';
import type { Informer } from '../reconcile/informer.ts';
import type { Runtime } from '../reconcile/runtime.ts';
import {
  type FrontProxyConfig,
  type FrontProxyVerdict,
  readFrontProxyConfig,
} from './server/front-proxy-config.ts';

const key = { namespace: 'kube-system', name: 'extension-apiserver-authentication' };

/** What the parent's API server publishes about itself, followed as it changes. */
export class FrontProxyTrust {
  readonly #informer: Informer<ConfigMap>;
  /** Asked for with every request, judged once per change. */
  #verdict: FrontProxyVerdict = readFrontProxyConfig(undefined);

  constructor(runtime: Pick<Runtime, 'cache'>) {
    this.#informer = runtime.cache.informer(builtin.configMaps, {
      namespace: key.namespace,
      fieldSelector: `metadata.name=${key.name}`,
    });
    this.#informer.onChange(() => {
      this.#verdict = readFrontProxyConfig(this.#informer.get(key)?.data);
    });
  }

  verdict(): FrontProxyVerdict {
    return this.#verdict;
  }

  /** What may be believed now; undefined means no header of anybody. */
  config(): FrontProxyConfig | undefined {
    const verdict = this.verdict();
    return verdict.trusted ? verdict.config : undefined;
  }

  onChange(handler: () => void): void {
    this.#informer.onChange(handler);
  }

  synced(): Promise<void> {
    return this.#informer.synced();
  }
}
