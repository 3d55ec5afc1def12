import { pathToFileURL } from 'node:url';
import { ClusternetError } from '../api/errors.ts';
import { type PluginFactory, type PluginModule, pluginApiVersion } from './framework/plugin.ts';

/**
 * The plugins of ES modules, by name. Each module exports what {@link PluginModule} says. Throws
 * CN_SCHEDULER_CONFIG naming the module: one that cannot be used is better found at the start than missed later.
 */
export async function loadPluginModules(
  paths: readonly string[],
  taken: readonly string[],
): Promise<ReadonlyMap<string, PluginFactory>> {
  const factories = new Map<string, PluginFactory>();
  for (const [index, path] of paths.entries()) {
    try {
      const { plugins } = readModule(await import(pathToFileURL(path).href));
      for (const [name, factory] of Object.entries(plugins)) {
        if (taken.includes(name)) throw new Error(`"${name}" is a plugin of the scheduler itself`);
        if (factories.has(name)) throw new Error(`an earlier module has a plugin "${name}" too`);
        factories.set(name, factory);
      }
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const message = `pluginModules[${index}]: cannot use ${path}: ${why}`;
      throw new ClusternetError('CN_SCHEDULER_CONFIG', message, { cause: error });
    }
  }
  return factories;
}

function readModule(module: Partial<Record<keyof PluginModule, unknown>>): PluginModule {
  const { apiVersion, plugins } = module;
  if (apiVersion !== pluginApiVersion) {
    const found = apiVersion === undefined ? 'it has none' : `not ${JSON.stringify(apiVersion)}`;
    throw new Error(`it must export apiVersion "${pluginApiVersion}", ${found}`);
  }
  if (!isFactories(plugins)) throw new Error('it exports no object "plugins" of functions');
  return { apiVersion, plugins };
}

function isFactories(value: unknown): value is Readonly<Record<string, PluginFactory>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every(factory => typeof factory === 'function')
  );
}
