import { ApiError } from '../../kube/api-error.ts';
import type { reasons } from './reasons.ts';

export interface Unreachability {
  readonly reason: Exclude<(typeof reasons.ClusterReachable)[number], 'Reachable'>;
  readonly message: string;
}

const byCode: Readonly<Record<string, Unreachability['reason']>> = {
  ENOTFOUND: 'NameNotResolved',
  EAI_AGAIN: 'NameNotResolved',
  ECONNREFUSED: 'ConnectionRefused',
  ETIMEDOUT: 'TimedOut',
  UND_ERR_CONNECT_TIMEOUT: 'TimedOut',
  UND_ERR_HEADERS_TIMEOUT: 'TimedOut',
  UND_ERR_BODY_TIMEOUT: 'TimedOut',
  CERT_HAS_EXPIRED: 'CertificateInvalid',
  CERT_NOT_YET_VALID: 'CertificateInvalid',
  CERT_SIGNATURE_FAILURE: 'CertificateInvalid',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'CertificateInvalid',
  ERR_TLS_CERT_ALTNAME_INVALID: 'CertificateInvalid',
  SELF_SIGNED_CERT_IN_CHAIN: 'CertificateInvalid',
  UNABLE_TO_GET_ISSUER_CERT: 'CertificateInvalid',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'CertificateInvalid',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'CertificateInvalid',
};

const explanations: Readonly<Record<Unreachability['reason'], string>> = {
  Unauthorized:
    'the API server of the cluster does not accept the credentials of its kubeconfig Secret',
  Forbidden: 'the credentials of the kubeconfig Secret lack a right in the cluster',
  NameNotResolved: 'the host name of the API server of the cluster cannot be resolved',
  ConnectionRefused: 'nothing listens at the address of the API server of the cluster',
  TimedOut: 'the API server of the cluster does not answer in time',
  CertificateInvalid:
    'the certificate of the API server of the cluster does not fit its kubeconfig',
  Unreachable: 'the API server of the cluster cannot be reached',
};

/** Why a call to a child failed, for condition ClusterReachable; undefined when the child answered and the fault lies elsewhere. */
export function unreachability(error: unknown): Unreachability | undefined {
  if (error instanceof ApiError) return refusal(error);
  const code = codeOf(error);
  const reason = byCode[code ?? ''] ?? (isTimeout(error) ? 'TimedOut' : 'Unreachable');
  return { reason, message: explain(reason, code) };
}

function refusal(error: ApiError): Unreachability | undefined {
  if (error.code === 401) return { reason: 'Unauthorized', message: explain('Unauthorized') };
  if (error.code === 403)
    return { reason: 'Forbidden', message: `${explanations.Forbidden}: ${error.message}` };
  return undefined;
}

function explain(reason: Unreachability['reason'], code?: string): string {
  return code === undefined ? explanations[reason] : `${explanations[reason]} (${code})`;
}

/** The first code along the chain of causes; messages are not passed on since they may differ between tries. */
function codeOf(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && typeof cause.code === 'string') return cause.code;
    if (cause instanceof AggregateError && cause.errors.length > 0) return codeOf(cause.errors[0]);
  }
  return undefined;
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError';
}
