import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import { answerJson } from './answer.ts';
import type { OutgoingResponse } from './authenticated-request.ts';
import { aggregatedDiscovery, group, groupList, resourceList } from './discovery-documents.ts';
import { openApiIndex, openApiV2, openApiV3 } from './openapi-document.ts';
import type { Route } from './route.ts';

type DocumentKind = Exclude<Route['kind'], 'health' | 'socket' | 'subresource' | 'unknown'>;

/** Answers one of the documents that describe the API; `/apis` in the aggregated form when the client accepts that. */
export function answerDocument(
  kind: DocumentKind,
  incoming: IncomingMessage | Http2ServerRequest,
  version: string,
  response: OutgoingResponse,
): void {
  const aggregated =
    kind === 'groups' ? aggregatedDiscovery(incoming.headers.accept ?? '') : undefined;
  if (aggregated !== undefined) {
    const headers = { 'content-type': aggregated.contentType, vary: 'Accept' };
    answerJson(response, 200, aggregated.body, headers);
  } else {
    answerJson(response, 200, documents[kind](version));
  }
}

const documents: Record<DocumentKind, (version: string) => object> = {
  groups: groupList,
  group,
  resources: resourceList,
  'openapi-index': openApiIndex,
  'openapi-v3': openApiV3,
  'openapi-v2': openApiV2,
  version: version => ({
    major: version.split('.')[0],
    minor: version.split('.')[1],
    gitVersion: `v${version}`,
    platform: `${process.platform}/${process.arch}`,
  }),
};
