/** Request headers in the flat name, value, name, value … order in which they arrived (node's rawHeaders). */
export type RawHeaders = readonly string[];

/** All values of a header, in order, each line on its own (a proxy sends one line per group). */
export function headerValues(headers: RawHeaders, name: string): string[] {
  const wanted = name.toLowerCase();
  return headers.filter((_, i) => i % 2 === 1 && headers[i - 1]?.toLowerCase() === wanted);
}
