/** Whole numbers beyond 2^53 lose digits as a JavaScript number; sixteen digits outside a string may be one. */
const maybeHugeInteger = /[:,[\s-]\d{16}/;

/**
 * JSON.parse that loses nothing: integers too large for a number stay as raw JSON, so that writing the object back
 * gives the digits that came.
 */
export function parseJson<T = unknown>(text: string): T {
  if (!maybeHugeInteger.test(text)) return JSON.parse(text) as T;
  return JSON.parse(text, keepHugeInteger) as T;
}

/** In every engine Node has had since 22, but not in TypeScript's library yet. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): object };

function keepHugeInteger(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== 'number' || source === undefined || Number.isSafeInteger(value)) {
    return value;
  }
  return /^-?\d+$/.test(source) ? rawJSON(source) : value;
}

/**
 * JSON text that YAML reads as the same value: server-side apply is parsed as YAML, which folds or refuses
 * some characters that JSON allows as they are.
 */
export function toYamlSafeJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
