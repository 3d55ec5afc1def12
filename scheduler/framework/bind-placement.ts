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
      profile.firstRefusal('reserve', plugin => plugin.reserve(cycle, binding)) ??
      (await permit(profile, cycle, binding, signal));
    if (refusal) return refusal;
    await bind(profile, cycle, binding, signal);
    bound = true;
  } finally {
    if (!bound) for (const plugin of profile.at('reserve')) plugin.unreserve?.(cycle, binding);
  }
  for (const plugin of profile.at('postBind')) plugin.postBind(cycle, binding);
  return undefined;
}

async function permit(
  profile: Profile,
  cycle: Cycle,
  binding: Binding,
  signal: AbortSignal,
): Promise<Refusal | undefined> {
  for (const plugin of profile.at('permit')) {
    const refusal = await plugin.permit(cycle, binding, signal);
    if (refusal) return refusal;
  }
  return undefined;
}

async function bind(
  profile: Profile,
  cycle: Cycle,
  binding: Binding,
  signal: AbortSignal,
): Promise<void> {
  for (const plugin of profile.at('preBind')) await plugin.preBind(cycle, binding, signal);
  for (const plugin of profile.at('bind')) {
    if (await plugin.bind(cycle, binding, signal)) return;
  }
  throw new Error(`no bind plugin of profile ${profile.schedulerName} took the placement on`);
}
