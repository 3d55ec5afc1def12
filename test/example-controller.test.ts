import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { Registry } from 'prom-client';
import { builtin } from '../kube/builtin.ts';
import { runController } from '../reconcile/controller.ts';
import { createRuntime, type Runtime } from '../reconcile/runtime.ts';
import { eventually } from './eventually.ts';
import { greetingController } from './example-controller.ts';
import { type FakeApiServer, startFakeApiServer } from './fake-api-server.ts';

const guide = new URL('../docs/designs/20261124-controller-runtime.md', import.meta.url);
const source = new URL('./example-controller.ts', import.meta.url);
const greeting = { namespace: 'home', name: 'greeting' };

describe('the controller of the guide', () => {
  let server: FakeApiServer;
  let runtime: Runtime;
  let stop: AbortController;
  let running: Promise<void>;

  beforeEach(async () => {
    server = await startFakeApiServer();
    stop = new AbortController();
    runtime = createRuntime({
      access: server.access(),
      component: 'example',
      instance: 'test',
      metrics: new Registry(),
    });
    const controller = greetingController(runtime);
    runtime.cache.start(stop.signal);
    running = runController(controller, runtime, stop.signal);
  });

  afterEach(async () => {
    stop.abort();
    await running;
    await runtime.cache.stopped();
    await server.close();
  });

  function label(code: string): void {
    const metadata = { name: 'home', labels: { 'example.com/language': code } };
    server.objects.put(builtin.namespaces, { metadata });
  }

  function text(): string | undefined {
    return server.objects.get(builtin.configMaps, greeting)?.data?.text;
  }

  it('is printed there as it is tested here', async () => {
    const code = await readFile(source, 'utf8');
    const page = await readFile(guide, 'utf8');
    assert.ok(
      page.includes(`\`\`\`ts\n${code}\`\`\`\n`),
      'copy test/example-controller.ts into the guide',
    );
  });

  it('makes what is wanted, changes it, and puts it back when it is deleted', async () => {
    label('de');
    await eventually(() => text() === 'Hallo');
    label('fr');
    await eventually(() => text() === 'Bonjour');
    server.objects.remove(builtin.configMaps, greeting);
    await eventually(() => text() === 'Bonjour');
  });

  it('says what is wrong with a label, and goes on once it is mended', async () => {
    label('xx');
    const event = await eventually(() => server.objects.list(builtin.events)[0]);
    assert.equal(event.note, 'label example.com/language: "xx" is not one of en,de,fr');
    label('en');
    await eventually(() => text() === 'Hello');
  });
});
