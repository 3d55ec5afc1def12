const watchPath = /^\/(?:api\/[^/]+|apis\/[^/]+\/[^/]+)\/watch\//;
const longLived = new Set(['watch', 'follow']);
/** To an API server every other value means yes, the empty one too. */
const saysNo = new Set(['false', '0']);

/** Whether a request's answer lasts until somebody ends it: a watch, or logs that are followed. */
export function isStreamRequest(path: string): boolean {
  const [pathname = '', query = ''] = path.split('?', 2);
  if (watchPath.test(pathname)) return true;
  for (const [key, value] of new URLSearchParams(query)) {
    if (longLived.has(key) && !saysNo.has(value.toLowerCase())) return true;
  }
  return false;
}
