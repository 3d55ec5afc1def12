import type { Container, EnvVar, KeySelector, Pod } from './pod.ts';
import { podField } from './pod-field.ts';
import { PodNotStartable, type PodSources, type SourceData } from './pod-sources.ts';
import { expandVariables } from './variable-expansion.ts';

export type Environment = Readonly<Record<string, string>>;

/**
 * The environment of a container: `base` (what the runner itself gives), then envFrom, then env, later ones winning.
 * Throws PodNotStartable when it refers to something that does not exist and is not optional.
 */
export async function containerEnvironment(
  pod: Pod,
  container: Container,
  sources: PodSources,
  base: Environment,
  signal: AbortSignal,
): Promise<Environment> {
  const environment: Record<string, string> = { ...base };
  for (const { prefix = '', secretRef, configMapRef } of container.envFrom ?? []) {
    const all =
      (secretRef && (await found('secret', secretRef, sources, signal))) ??
      (configMapRef && (await found('configMap', configMapRef, sources, signal)));
    for (const [key, value] of Object.entries(all ?? {}))
      environment[prefix + key] = value.toString();
  }
  for (const variable of container.env ?? []) {
    const value = await variableValue(variable, environment, pod, sources, signal);
    if (value !== undefined) environment[variable.name] = value;
  }
  return environment;
}

async function variableValue(
  { name, value, valueFrom }: EnvVar,
  environment: Environment,
  pod: Pod,
  sources: PodSources,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (valueFrom === undefined) return expandVariables(value ?? '', environment);
  const { secretKeyRef, configMapKeyRef, fieldRef } = valueFrom;
  if (secretKeyRef) return keyOf('secret', secretKeyRef, sources, signal);
  if (configMapKeyRef) return keyOf('configMap', configMapKeyRef, sources, signal);
  const field = fieldRef && podField(pod, fieldRef.fieldPath);
  if (field === undefined) {
    const what = fieldRef ? `fieldPath ${fieldRef.fieldPath}` : Object.keys(valueFrom).join();
    throw configError(`env ${name}: ${what} is not supported by the pod runner`);
  }
  return field;
}

async function keyOf(
  kind: 'secret' | 'configMap',
  selector: KeySelector,
  sources: PodSources,
  signal: AbortSignal,
): Promise<string | undefined> {
  const value = (await found(kind, selector, sources, signal))?.[selector.key];
  if (value === undefined && !selector.optional) {
    throw configError(
      `couldn't find key ${selector.key} in ${kind.toLowerCase()} ${selector.name}`,
    );
  }
  return value?.toString();
}

async function found(
  kind: 'secret' | 'configMap',
  { name, optional }: { readonly name: string; readonly optional?: boolean },
  sources: PodSources,
  signal: AbortSignal,
): Promise<SourceData | undefined> {
  const data = await sources[kind](name, signal);
  if (data === undefined && !optional)
    throw configError(`${kind.toLowerCase()} "${name}" not found`);
  return data;
}

function configError(message: string): PodNotStartable {
  return new PodNotStartable('CreateContainerConfigError', message);
}
