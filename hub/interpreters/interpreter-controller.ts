import { resourceInterpreters } from '../../api/apps/resource-interpreter.ts';
import { setCondition } from '../../api/conditions.ts';
import type { InterpreterProblem } from '../../interpret/resolve-interpreters.ts';
import type { Controller } from '../../reconcile/controller.ts';
import { keyOf, splitKey } from '../../reconcile/key.ts';
import type { Runtime } from '../../reconcile/runtime.ts';
import { patchStatus } from '../../reconcile/status-patch.ts';
import type { InterpreterSet } from './interpreter-set.ts';

/** Says on each ResourceInterpreter whether it works, and if not, which field to mend. */
export function interpreterController(
  { client, clock }: Runtime,
  interpreters: InterpreterSet,
): Controller {
  const { informer } = interpreters;
  return {
    name: 'resource-interpreter',
    // What is wrong with one may come from another.
    sources: [interpreters.source(() => informer.list().map(keyOf))],
    async reconcile(key, signal) {
      const interpreter = informer.get(splitKey(key));
      if (interpreter === undefined) return;
      const { generation = 0 } = interpreter.metadata;
      const verdict = readiness(interpreters.current.problems.get(key), generation);
      const conditions = setCondition(interpreter.status?.conditions, verdict, clock.now());
      const writer = { fieldManager: 'clusternet-hub', alone: true };
      await patchStatus(client, resourceInterpreters, interpreter, { conditions }, writer, signal);
    },
  };
}

function readiness(problem: InterpreterProblem | undefined, observedGeneration: number) {
  const type = 'Ready';
  if (problem === undefined) {
    const message = 'Objects of its kind are interpreted by it.';
    return { type, status: 'True', reason: 'Ready', message, observedGeneration } as const;
  }
  const { reason, field, problem: why } = problem;
  const message = `${field}: ${why}.`;
  return { type, status: 'False', reason, message, observedGeneration } as const;
}
