import { goEnvironment } from '../control-plane-flags.ts';
import type { KnownImage } from '../pod-runner/known-image.ts';
import { coreManagerRepository } from './core-components.ts';

/** The Cluster API core manager for the pod runner. It has no flag for the host of its webhook server. */
export function coreManagerImage(binary: string): KnownImage {
  return {
    repository: coreManagerRepository,
    entrypoint: [binary],
    programs: { '/manager': [binary] },
    environment: goEnvironment,
    listenFlags: [
      { flag: '--diagnostics-address', takes: 'address', defaultPort: 8443 },
      { flag: '--health-addr', takes: 'address', defaultPort: 9440 },
      { flag: '--webhook-port', takes: 'port', defaultPort: 9443 },
    ],
  };
}
