import { type Feed, formatFeed } from '../../api/apps/feed.ts';
import { annotations, labels } from '../../api/well-known.ts';
import { ApiError } from '../../kube/api-error.ts';

/** Why an object is not as it should be; users see these words in status.reason and conditions. */
export const feedReasons = [
  'Forbidden',
  'AdmissionDenied',
  'Conflict',
  'Immutable',
  'Invalid',
  'KindMissing',
  'NamespaceMissing',
  'NamespaceTerminating',
  'Malformed',
  'Protected',
  'Unavailable',
  'Unsupported',
] as const;
export type FeedReason = (typeof feedReasons)[number];

/** What came of one object; without reason it was applied. */
export interface FeedOutcome {
  readonly feed: Feed;
  readonly reason?: FeedReason;
  readonly message?: string;
}

/** Sorts a refusal of the child's API server and says what to do about it. */
export function classifyRefusal(
  error: unknown,
  feed: Feed,
): Required<Pick<FeedOutcome, 'reason' | 'message'>> {
  const subject = formatFeed(feed);
  if (!(error instanceof ApiError)) {
    const why = error instanceof Error ? error.message : String(error);
    return { reason: 'Unavailable', message: `${subject}: ${why}` };
  }
  const said = `${subject}: ${error.message}`;
  if (deniedByAdmission.test(error.message)) return { reason: 'AdmissionDenied', message: said };
  switch (error.code) {
    case 403:
      return classifyForbidden(error, said);
    case 404:
      return isAboutNamespace(error)
        ? {
            reason: 'NamespaceMissing',
            message: `${subject}: namespace ${feed.namespace} does not exist in the cluster; deliver it, too`,
          }
        : { reason: 'KindMissing', message: said };
    case 409:
      return { reason: 'Conflict', message: describeConflict(error, subject) };
    case 400:
    case 422:
      return isImmutable(error)
        ? {
            reason: 'Immutable',
            message: `${said}; delete the object or deliver it by another name`,
          }
        : { reason: 'Invalid', message: said };
    default:
      return { reason: 'Unavailable', message: said };
  }
}

/** Only a person can mend these, so that there is no hurry to try again. */
export function isForPeople(reason: FeedReason): boolean {
  return reason !== 'Unavailable' && reason !== 'NamespaceTerminating';
}

/** How webhooks and policies refuse, with whatever code they like. */
const deniedByAdmission = /admission webhook ".*" denied|ValidatingAdmissionPolicy '.*' .*denied/s;

/** How RBAC refuses; everything else that forbids is an admission plugin. */
const refusedByRbac = / cannot \w+ resource "(?<resource>[^"]+)" in API group "(?<group>[^"]*)"/;

function classifyForbidden(error: ApiError, said: string) {
  const causes = error.status.details?.causes ?? [];
  if (causes.some(cause => cause.reason === 'NamespaceTerminating')) {
    return { reason: 'NamespaceTerminating', message: said } as const;
  }
  const { resource, group = '' } = refusedByRbac.exec(error.message)?.groups ?? {};
  if (resource === undefined) return { reason: 'AdmissionDenied', message: said } as const;
  return { reason: 'Forbidden', message: `${said}\n${missingRule(group, resource)}` } as const;
}

/** A ClusterRole that gives the deployer what it lacks, ready to be applied. */
function missingRule(group: string, resource: string): string {
  return [
    'to allow it, apply this in the cluster:',
    'apiVersion: rbac.authorization.k8s.io/v1',
    'kind: ClusterRole',
    'metadata:',
    `  name: clusternet-deliver-${resource.replaceAll('/', '-')}`,
    `  labels: { ${labels.aggregateToAppDeployer}: "true" }`,
    'rules:',
    `- apiGroups: ["${group}"]`,
    `  resources: ["${resource}"]`,
    '  verbs: ["get", "list", "watch", "create", "update", "patch", "delete"]',
  ].join('\n');
}

function isAboutNamespace(error: ApiError): boolean {
  return error.status.details?.kind === 'namespaces' || /^namespaces? "/.test(error.message);
}

function isImmutable(error: ApiError): boolean {
  return /immutable|may not change|updates to .* forbidden/i.test(error.message);
}

function describeConflict(error: ApiError, subject: string): string {
  const causes = error.status.details?.causes ?? [];
  const managers = causes.flatMap(
    cause => /conflict with "([^"]+)"/.exec(cause.message ?? '')?.[1] ?? [],
  );
  if (managers.length === 0) return `${subject}: ${error.message}`;
  const fields = causes.map(cause => cause.field).join(', ');
  const names = [...new Set(managers)].map(name => `"${name}"`).join(', ');
  return `${subject} was there before and ${names} manages ${fields}; to take it over annotate the Description with ${annotations.adopt}: "true"`;
}
