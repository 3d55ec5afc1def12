import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeClient } from '../../kube/client.ts';
import { ControlPlane } from './control-plane.ts';
import type { FlagOverrides } from './control-plane-flags.ts';
import type { FakeNode } from './fake-node.ts';
import { Kwok } from './kwok.ts';
import { claimSlot, type Slot } from './slot.ts';
import { ensureTools, type Tools } from './tools.ts';

/** What a test wants its cluster to be like. */
export interface TestClusterOptions {
  /** `test` by default. */
  readonly name?: string;
  readonly flags?: FlagOverrides;
  /** With nodes, kwok plays them and pods run on the first. Without (the default) there is no kwok and pods stay Pending. */
  readonly nodes?: readonly FakeNode[];
}

/** A real cluster of its own for one test, gone with everything of it when disposed of. */
export class TestCluster implements AsyncDisposable {
  readonly controlPlane: ControlPlane;
  readonly kwok: Kwok;
  readonly tools: Tools;

  constructor(controlPlane: ControlPlane, kwok: Kwok, tools: Tools) {
    this.controlPlane = controlPlane;
    this.kwok = kwok;
    this.tools = tools;
  }

  /** A client with the administrator's rights. */
  get client(): KubeClient {
    return this.controlPlane.client;
  }

  get kubeconfigPath(): string {
    return this.controlPlane.kubeconfigPath;
  }

  get slot(): Slot {
    return this.controlPlane.slot;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kwok.stop();
    await this.controlPlane.stop();
    await rm(this.controlPlane.directory, { recursive: true, force: true });
    this.slot.release();
  }
}

/** Boots a cluster in a new temporary directory and a slot of its own, in about three seconds. */
export async function startTestCluster(
  options: TestClusterOptions,
  signal: AbortSignal,
): Promise<TestCluster> {
  const { name = 'test', flags = {}, nodes = [] } = options;
  const tools = await ensureTools('all', () => {}, signal);
  const directory = await mkdtemp(join(tmpdir(), `clusternet-${name}-`));
  const slot = await claimSlot({ owner: directory }, signal);
  const controlPlane = new ControlPlane({ name, slot, directory, tools, flags });
  const cluster = new TestCluster(controlPlane, new Kwok({ controlPlane, tools }), tools);
  try {
    await controlPlane.start(signal);
    if (nodes.length > 0) {
      await cluster.kwok.start(signal);
      await cluster.kwok.setNodes(nodes, signal);
    }
    return cluster;
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
}
