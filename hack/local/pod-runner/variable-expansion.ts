/**
 * Replaces `$(NAME)` as Kubernetes does in command, args and env: `$$` stands for one dollar sign, so `$$(NAME)` stays
 * `$(NAME)`, and a reference to a variable that does not exist is left as it is.
 */
export function expandVariables(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\$|\$\(([^()]*)\)/g, (match, name: string | undefined) => {
    if (name === undefined) return '$';
    return Object.hasOwn(variables, name) ? (variables[name] ?? match) : match;
  });
}
