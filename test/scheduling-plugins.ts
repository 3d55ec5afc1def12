import { Registry } from 'prom-client';
import type { PluginFactory } from '../scheduler/framework/plugin.ts';
import { ownPlugins } from '../scheduler/plugin-factories.ts';
import { FakeClock } from './fake-clock.ts';

/** The scheduler's own plugins for tests of what is decided, which talks to nobody. */
export function testPlugins(): ReadonlyMap<string, PluginFactory> {
  const runtime = { client: undefined as never, clock: new FakeClock(), metrics: new Registry() };
  return ownPlugins(runtime, undefined);
}
