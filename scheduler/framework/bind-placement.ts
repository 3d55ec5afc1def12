import type { Binding, Cycle, Refusal } from './plugin.ts';
import type { Profile } from './profile.ts';

/** Takes a placement through reserve, permit and bind; the refusal of whoever stopped it. */
export async function bindPlacement(
  profile: Profile,
  cycle: Cycle,
  binding: Binding,
  signal: AbortSignal,
): Promise<Refusal | undefined> {
  let bound = false;
  try {
    const refusal =
      profile.firstAnswer('reserve', plugin => plugin.reserve(cycle, binding)) ??
      (await profile.firstAnswerLater('permit', plugin => plugin.permit(cycle, binding, signal)));
    if (refusal) return refusal;
    await profile.firstAnswerLater('preBind', async plugin => {
      await plugin.preBind(cycle, binding, signal);
      return undefined;
    });
    bound = await bind(profile, cycle, binding, signal);
  } finally {
    if (!bound) for (const plugin of profile.at('reserve')) plugin.unreserve?.(cycle, binding);
  }
  profile.firstAnswer('postBind', plugin => {
    plugin.postBind(cycle, binding);
    return undefined;
  });
  return undefined;
}

async function bind(
  profile: Profile,
  cycle: Cycle,
  binding: Binding,
  signal: AbortSignal,
): Promise<true> {
  const bound = await profile.firstAnswerLater('bind', async plugin =>
    (await plugin.bind(cycle, binding, signal)) ? true : undefined,
  );
  if (bound) return bound;
  throw new Error(`no bind plugin of profile ${profile.schedulerName} took the placement on`);
}
