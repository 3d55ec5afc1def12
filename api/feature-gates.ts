/** Reads `A=true,B=false`, as Kubernetes' --feature-gates is written; throws an Error that quotes the entry it does not understand. */
export function parseFeatureGates(text: string): Readonly<Record<string, boolean>> {
  const entries = text.split(',').filter(entry => entry !== '');
  return Object.fromEntries(
    entries.map(entry => {
      const [, gate, value] = /^\s*(\w+)=(true|false)\s*$/.exec(entry) ?? [];
      if (gate !== undefined) return [gate, value === 'true'];
      throw new Error(`"${entry}" is not a gate: write Name=true or Name=false.`);
    }),
  );
}
