import { setTimeout as sleep } from 'node:timers/promises';
import { openTestBed, report } from './test-bed.ts';

/** API writes per minute that the parent sees while nothing happens, by resource; Leases and everything else apart. */
const seconds = Number(process.argv[2] ?? 60);
await using bed = await openTestBed();

const before = await writes();
await sleep(seconds * 1000);
const after = await writes();
const perMinute = new Map<string, number>();
for (const [what, count] of after) {
  const more = count - (before.get(what) ?? 0);
  if (more > 0) perMinute.set(what, (more * 60) / seconds);
}
const leases = [...perMinute]
  .filter(([what]) => what.endsWith(' leases'))
  .reduce((sum, [, count]) => sum + count, 0);
const others = Object.fromEntries([...perMinute].filter(([what]) => !what.endsWith(' leases')));
report('rest', {
  seconds,
  clusters: bed.children.length + 1,
  leaseWritesPerMinute: leases,
  otherWritesPerMinute: others,
});

/** Counters of the API server: mutating requests by verb and resource. */
async function writes(): Promise<Map<string, number>> {
  const response = await bed.parent.request({ method: 'GET', path: '/metrics' });
  const counts = new Map<string, number>();
  for (const line of (await response.body.text()).split('\n')) {
    const match = /^apiserver_request_total\{(.*)\} (\S+)$/.exec(line);
    if (match === null) continue;
    const label = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(match[1] ?? '')?.[1] ?? '';
    if (
      !/^(POST|PUT|PATCH|APPLY|DELETE|DELETECOLLECTION)$/.test(label('verb')) ||
      label('dry_run') !== ''
    )
      continue;
    // Reviews are questions, not writes: nothing is stored.
    if (/reviews$/.test(label('resource')) || label('subresource') === 'token') continue;
    const what = `${label('verb')} ${label('resource')}`;
    counts.set(what, (counts.get(what) ?? 0) + Number(match[2]));
  }
  return counts;
}
