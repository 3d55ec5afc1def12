import { recordedProcesses } from '../hack/local/local-process.ts';
import type { ProcessRecord } from '../hack/local/process-record.ts';
import { builtin } from '../kube/builtin.ts';
import { eventually } from '../test/eventually.ts';
import type { TestBed } from './test-bed.ts';

const namespace = 'clusternet-system';
const enoughMs = 60_000;

/** The one pod of a component of ours in one cluster, which runs as a process of this machine. */
export class ComponentPod {
  readonly #bed: TestBed;
  readonly #cluster: string;
  readonly #component: string;

  constructor(
    bed: TestBed,
    cluster: string,
    component: 'agent' | 'hub' | 'scheduler' | 'discovery',
  ) {
    this.#bed = bed;
    this.#cluster = cluster;
    this.#component = component;
  }

  /** Its process, as the pod runner recorded it. */
  async process(): Promise<ProcessRecord> {
    const name = `${this.#cluster}/pods/${namespace}_clusternet-${this.#component}-`;
    const found = await this.#processes(name);
    const [only, ...more] = found;
    if (only === undefined || more.length > 0) throw new Error(`${found.length} of ${name}`);
    return only;
  }

  async kill(signal: NodeJS.Signals): Promise<ProcessRecord> {
    const record = await this.process();
    process.kill(record.pid, signal);
    return record;
  }

  /** Deletes the pod and waits for its successor, whose process has never failed: only then is a restart immediate. */
  async replace(): Promise<void> {
    const before = await this.process();
    const { kubeconfig, selector } = this;
    await this.#bed.kubectl(['delete', 'pod', '-n', namespace, '-l', selector], { kubeconfig });
    await eventually(async () => (await this.process()).pid !== before.pid, {
      withinMs: enoughMs,
      describe: `a new pod of ${this.#component} runs`,
    });
    await this.available(1);
  }

  async scale(replicas: number): Promise<void> {
    const { kubeconfig, deployment } = this;
    await this.#bed.kubectl(['scale', '-n', namespace, deployment, `--replicas=${replicas}`], {
      kubeconfig,
    });
  }

  async available(replicas: number): Promise<void> {
    const client = await this.#bed.client(this.#cluster);
    const key = { namespace, name: `clusternet-${this.#component}` };
    await eventually(
      async () => {
        const { status } = await client.get(builtin.deployments, key);
        return (status?.availableReplicas ?? 0) === replicas;
      },
      { withinMs: enoughMs, describe: `${replicas} of ${this.#component} available` },
    );
  }

  get deployment(): string {
    return `deployment/clusternet-${this.#component}`;
  }

  get selector(): string {
    return `app.kubernetes.io/component=${this.#component}`;
  }

  get kubeconfig(): string {
    return this.#bed.directory.kubeconfig(this.#cluster);
  }

  async #processes(prefix: string): Promise<readonly ProcessRecord[]> {
    const all = await recordedProcesses(this.#bed.directory.processes);
    return all.filter(({ what }) => what.startsWith(prefix));
  }
}
