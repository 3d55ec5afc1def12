import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { parse } from 'yaml';
import { eventually } from '../test/eventually.ts';
import { writeChildKubeconfig } from './child-kubeconfig.ts';
import type { TestBed } from './test-bed.ts';

const watched = ['configmap', 'quiet-watch', '-n', 'default'] as const;

/** A `kubectl get --watch` in berlin through the parent, in which nothing happens after its first event. */
export class QuietWatch {
  readonly #bed: TestBed;
  readonly #stop = new AbortController();
  #shown = '';
  /** When its first event had been shown, by `performance.now()`. */
  #quietSince = 0;
  #process: Promise<void> | undefined;

  constructor(bed: TestBed) {
    this.#bed = bed;
  }

  /** Opens the watch and lets one event through. */
  async open(): Promise<void> {
    const directory = await mkdtemp(join(tmpdir(), 'quiet-watch-'));
    this.#process = this.#watch(await this.#kubeconfig(directory)).finally(() =>
      rm(directory, { recursive: true }),
    );
    await this.#inBerlin('delete', ...watched, '--ignore-not-found');
    await this.#inBerlin('create', ...watched);
    // Shown whether it was there first or the watch was.
    await this.#shows('ADDED', 15_000);
    this.#quietSince = performance.now();
  }

  /** Waits until the watch has been quiet for this long; fails as soon as it ends. */
  async isHeldFor(ms: number): Promise<void> {
    const left = Math.max(0, this.#quietSince + ms - performance.now());
    const ended = await Promise.race([this.#process?.then(() => true), sleep(left, false)]);
    assert.equal(ended, false, 'the watch was ended');
  }

  /** Makes an event; fails unless the watch shows it at once. */
  async showsNextEvent(): Promise<void> {
    await this.#inBerlin('delete', ...watched);
    await this.#shows('DELETED', 5_000);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#process;
  }

  #inBerlin(...args: string[]): Promise<string> {
    return this.#bed.kubectl(args, { kubeconfig: this.#bed.directory.kubeconfig('berlin') });
  }

  #shows(event: string, withinMs: number): Promise<boolean> {
    return eventually(() => this.#shown.includes(event), { withinMs, describe: event });
  }

  /** The administrator of the parent, who acts in berlin as its administrator. */
  async #kubeconfig(directory: string): Promise<string> {
    const userOf = async (cluster: string) =>
      parse(await readFile(this.#bed.directory.kubeconfig(cluster), 'utf8')).users[0].user;
    const child = await userOf('berlin');
    return writeChildKubeconfig(
      join(directory, 'kubeconfig.yaml'),
      (await this.#bed.client('parent')).access,
      (await this.#bed.joined('berlin')).id,
      await userOf('parent'),
      {
        'clusternet-certificate': child['client-certificate-data'],
        'clusternet-privatekey': child['client-key-data'],
      },
    );
  }

  async #watch(kubeconfig: string): Promise<void> {
    const selector = '--field-selector=metadata.name=quiet-watch';
    const what = ['get', 'configmaps', '-n', 'default', selector];
    const how = ['--kubeconfig', kubeconfig, '--watch', '--output-watch-events'];
    const options = { cancelSignal: this.#stop.signal, reject: false, stdin: 'ignore' } as const;
    const watching = execa(this.#bed.tools.kubectl, [...what, ...how], options);
    watching.stdout.on('data', chunk => {
      this.#shown += chunk;
    });
    await watching;
  }
}

let opened: Promise<QuietWatch> | undefined;

/**
 * The one quiet watch of all files that use the test bed. Whoever asks first opens it, so that the time for which it is held
 * is time in which other tests run.
 */
export function quietWatch(bed: TestBed): Promise<QuietWatch> {
  opened ??= open(bed);
  return opened;
}

async function open(bed: TestBed): Promise<QuietWatch> {
  const watch = new QuietWatch(bed);
  await watch.open();
  return watch;
}

// At the root of the suite: also when the file that judges it does not run.
after(async () => (await opened?.catch(() => undefined))?.close());
