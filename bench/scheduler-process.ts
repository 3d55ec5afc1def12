import { ComponentProcess } from '../e2e/component-process.ts';
import { eventually } from '../test/eventually.ts';
import { sumOfMetric } from './sum-of-metric.ts';

const withinMs = 240_000;

/** The scheduler as a process of its own, with no more than its own rights. */
export class SchedulerProcess {
  readonly #process: ComponentProcess;
  readonly #port: number;

  private constructor(process: ComponentProcess, port: number) {
    this.#process = process;
    this.#port = port;
  }

  /** Starts one; returns when every watch has its first list. */
  static async start(kubeconfig: string): Promise<SchedulerProcess> {
    const flags = ['--kubeconfig', kubeconfig, '--secure-port', '0'];
    const process = new ComponentProcess('scheduler', flags);
    const port = await eventually(
      () => Number(/"port":(\d+),"msg":"serving health/.exec(process.log())?.[1]) || undefined,
      { withinMs, describe: 'the scheduler serves its metrics' },
    );
    const scheduler = new SchedulerProcess(process, port);
    await eventually(async () => (await scheduler.#get('/readyz')).ok, {
      withinMs,
      describe: 'the scheduler has its first lists',
    });
    return scheduler;
  }

  /** Waits until it has looked at least so often and nothing is left to look at; returns how often it has. */
  async idle(leastLooks: number): Promise<number> {
    return eventually(
      async () => {
        const text = await this.#metrics();
        const left =
          sumOfMetric(text, 'workqueue_depth', { name: 'scheduling' }) +
          sumOfMetric(text, 'controller_runtime_active_workers', { controller: 'scheduling' });
        const looks = sumOfMetric(text, 'controller_runtime_reconcile_total', {
          controller: 'scheduling',
        });
        return left === 0 && looks >= leastLooks ? looks : undefined;
      },
      { withinMs, describe: 'the scheduler has nothing left to do' },
    );
  }

  async kill(): Promise<void> {
    await this.#process.kill('SIGTERM');
  }

  async #metrics(): Promise<string> {
    return (await this.#get('/metrics')).text();
  }

  #get(path: string): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.#port}${path}`);
  }
}
