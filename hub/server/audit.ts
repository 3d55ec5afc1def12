import { randomUUID } from 'node:crypto';
import { headerValues, type RawHeaders } from './header-values.ts';

/**
 * One line of the audit log: one per request when it has been answered, and for an upgraded connection, which may last for days, one
 * more when it begins. No query string, no extras, no bodies: those may
 * hold secrets.
 */
export interface AuditLine {
  readonly stage: 'ResponseStarted' | 'ResponseComplete';
  readonly auditID: string;
  readonly user: string;
  readonly verb: string;
  readonly cluster: string;
  readonly path: string;
  /** HTTP status; 101 for an upgraded connection, 499 when the client went away before an answer. */
  readonly status: number;
  readonly durationMs: number;
}

/** The id the parent's API server gave the request, so that both audit logs can be joined; a new one for direct callers. */
export function auditIdOf(headers: RawHeaders): string {
  const [id = ''] = headerValues(headers, 'audit-id');
  return /^[\w-]{1,64}$/.test(id) ? id : randomUUID();
}
