import type { Description, DescriptionStatus, ManifestStatus } from '../../api/apps/description.ts';
import { setCondition } from '../../api/conditions.ts';
import { type FeedOutcome, isForPeople } from './apply-outcome.ts';

/** In a word and in sentences, what came of a Description. */
export interface Summary {
  readonly phase: 'Success' | 'Failure';
  readonly reason: string;
  readonly message: string;
  /** When to try again although nothing has changed. */
  readonly retryAfterMs?: number;
}

const messageLimit = 8_000;
const patientRetryMs = 30_000;
const quickRetryMs = 3_000;

/** One verdict over all objects: the first failure gives the reason, the message tells all of them. */
export function summarize(outcomes: readonly FeedOutcome[]): Summary {
  const failed = outcomes.filter(outcome => outcome.reason !== undefined);
  const [first] = failed;
  if (first?.reason === undefined) {
    const count = outcomes.length;
    const message = count === 1 ? '1 object is applied' : `${count} objects are applied`;
    return { phase: 'Success', reason: 'Applied', message };
  }
  const texts = failed.map(outcome => outcome.message ?? outcome.reason).join('\n');
  const message =
    failed.length === 1
      ? texts
      : `${failed.length} of ${outcomes.length} objects failed:\n${texts}`;
  const patient = failed.every(({ reason }) => reason === undefined || isForPeople(reason));
  return {
    phase: 'Failure',
    reason: first.reason,
    message: message.slice(0, messageLimit),
    retryAfterMs: patient ? patientRetryMs : quickRetryMs,
  };
}

/** The status that tells a summary and the objects as they are seen; the very same when there is nothing new. */
export function nextStatus(
  description: Description,
  summary: Summary,
  manifestStatuses: readonly ManifestStatus[],
  now: Date,
): DescriptionStatus {
  const { phase, reason, message } = summary;
  const condition = {
    type: 'Applied',
    status: phase === 'Success' ? ('True' as const) : ('False' as const),
    reason,
    message,
    ...(description.metadata.generation === undefined
      ? {}
      : { observedGeneration: description.metadata.generation }),
  };
  return {
    ...description.status,
    phase,
    reason,
    manifestStatuses: [...manifestStatuses],
    conditions: setCondition(description.status?.conditions ?? [], condition, now),
  };
}
