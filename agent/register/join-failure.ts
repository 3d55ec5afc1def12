import { ClusternetError, type ErrorCode } from '../../api/errors.ts';
import { ApiError } from '../../kube/api-error.ts';

/** Why an agent may not be joined; the words its Lease begins with. */
export const joinFailureReasons = [
  'NoParent',
  'HubUnreachable',
  'CertificateUntrusted',
  'TokenRefused',
  'Forbidden',
  'HubNotReady',
  'ClockSkew',
  'KeyMismatch',
  'Pending',
  'Denied',
  'Failed',
] as const;

/** Why the agent is not joined, in a word and a sentence that says what to do. */
export interface JoinFailure {
  readonly reason: (typeof joinFailureReasons)[number];
  readonly message: string;
  /** Asking again is useless until somebody changes something. */
  readonly final: boolean;
}

const reasonByCode: Partial<Record<ErrorCode, JoinFailure['reason']>> = {
  CN_AGENT_NO_PARENT: 'NoParent',
  CN_AGENT_REGISTRATION_DENIED: 'Denied',
  CN_AGENT_REGISTRATION_FAILED: 'Failed',
  CN_AGENT_REGISTRATION_KEY: 'KeyMismatch',
  CN_AGENT_REGISTRATION_PENDING: 'Pending',
};

const certificateCode =
  /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|ERR_TLS|ERR_SSL|CRL/;

/** Sorts whatever went wrong on the way into the parent. */
export function classifyJoinFailure(error: unknown, server: string): JoinFailure {
  if (error instanceof ClusternetError) {
    const reason = reasonByCode[error.code] ?? 'Failed';
    return { reason, message: error.message, final: reason === 'Denied' };
  }
  if (error instanceof ApiError) return { ...classifyRefusal(error, server), final: false };
  const text = deepestMessage(error);
  if (certificateCode.test(deepestCode(error))) {
    const message = `the certificate of ${server} is not trusted (${text}): ca.crt of Secret clusternet-agent-cluster-registration must hold the CA of the parent`;
    return { reason: 'CertificateUntrusted', message, final: false };
  }
  return { reason: 'HubUnreachable', message: `cannot reach ${server}: ${text}`, final: false };
}

/** As classifyJoinFailure, for a tunnel that could not be opened; `statusCode` is there when the parent answered. */
export function classifyDialFailure(
  error: Error & { readonly statusCode?: number | undefined },
  server: string,
): JoinFailure {
  const { statusCode, message } = error;
  if (statusCode === undefined) return classifyJoinFailure(error, server);
  const status = { kind: 'Status', apiVersion: 'v1', message } as const;
  return classifyJoinFailure(new ApiError(status, statusCode), server);
}

function classifyRefusal(error: ApiError, server: string): Omit<JoinFailure, 'final'> {
  const said = `${server} answers: ${error.message}`;
  switch (error.code) {
    case 401:
      return {
        reason: 'TokenRefused',
        message: `${said}; the token has expired or was revoked, a new bootstrap token is needed`,
      };
    case 403:
      return { reason: 'Forbidden', message: said };
    case 409:
      return { reason: 'Pending', message: said };
    case 404:
      // About an object, it is the hub's answer; without one there is no hub to answer.
      if (error.status.details?.name) return { reason: 'Failed', message: said };
      return { reason: 'HubNotReady', message: `${said}; the parent's hub is not installed` };
    case 502:
    case 503:
    case 504:
      return {
        reason: 'HubNotReady',
        message: `${said}; the parent's hub is not up`,
      };
    default:
      return {
        reason: error.message.includes('spec.timestamp') ? 'ClockSkew' : 'Failed',
        message: said,
      };
  }
}

function deepestMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof Error) return deepestMessage(error.cause);
  // A host with several addresses fails with all of them at once and an empty message.
  const first = error instanceof AggregateError ? error.errors[0] : undefined;
  return first instanceof Error ? deepestMessage(first) : error.message;
}

function deepestCode(error: unknown): string {
  if (!(error instanceof Error)) return '';
  if (error.cause instanceof Error) return deepestCode(error.cause);
  return 'code' in error ? String(error.code) : '';
}
