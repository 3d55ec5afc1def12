import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { goModuleDirectory } from './go-module.ts';

/** What kwok does with nodes and pods at once, from its own module: nodes become Ready, pods run, complete and go. */
const stages = [
  'node/fast/node-initialize.yaml',
  'node/heartbeat-with-lease/node-heartbeat-with-lease.yaml',
  'pod/fast/pod-ready.yaml',
  'pod/fast/pod-complete.yaml',
  'pod/fast/pod-delete.yaml',
];

/** What `kubectl logs`, `exec`, `attach` and `port-forward` reach in a pod where nothing runs. */
export interface PodStreams {
  /** The log of every container. */
  readonly logFile: string;
  /** Where exec'ed commands run: on this machine, as its user. */
  readonly workDirectory: string;
  /** What a forwarded port leads to. */
  readonly forwardTo: { readonly address: string; readonly port: number };
}

/** The content of kwok's configuration file. */
export async function kwokConfiguration(streams: PodStreams, signal: AbortSignal): Promise<string> {
  const directory = join(await goModuleDirectory('sigs.k8s.io/kwok', signal), 'kustomize/stage');
  const stageTexts = await Promise.all(
    stages.map(file => readFile(join(directory, file), { encoding: 'utf8', signal })),
  );
  const streamTexts = streamObjects(streams).map(object => stringify(object));
  return [...stageTexts, ...streamTexts].join('---\n');
}

function streamObjects({ logFile, workDirectory, forwardTo }: PodStreams): object[] {
  const object = (kind: string, spec: object) => ({
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind,
    metadata: { name: 'all-pods' },
    spec,
  });
  return [
    object('ClusterLogs', { logs: [{ logsFile: logFile, follow: true }] }),
    object('ClusterAttach', { attaches: [{ logsFile: logFile }] }),
    object('ClusterExec', { execs: [{ local: { workDir: workDirectory } }] }),
    object('ClusterPortForward', { forwards: [{ target: forwardTo }] }),
  ];
}
