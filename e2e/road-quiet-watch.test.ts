import { type QuietWatch, quietWatch } from './quiet-watch.ts';
import { useTestBed } from './test-bed.ts';

/** Longer than the minute after which upstream's hub cuts a watch, and than any usual time-out on the way. */
const heldForMs = 185_000;

/** Opened by the first file of the road; this one comes before road-resilience, which ends every stream there is. */
describe('the road, watching while nothing happens', function () {
  this.timeout(heldForMs + 60_000);
  const bed = useTestBed();
  let watch: QuietWatch;

  before(async () => {
    watch = await quietWatch(bed());
  });

  it('keeps a quiet watch open for three minutes, and then shows the next event at once', async () => {
    await watch.isHeldFor(heldForMs);
    await watch.showsNextEvent();
  });
});
