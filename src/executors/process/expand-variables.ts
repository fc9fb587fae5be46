/**
 * Kubernetes' references: `$(NAME)` is the variable's value, `$$(NAME)` the text `$(NAME)`, an unknown name stays as it is.
 * https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
 */
export function expandVariables(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(/\$\$|\$\(([^()]*)\)/g, (reference, name: string | undefined) => {
    if (name === undefined) return "$";
    return Object.hasOwn(env, name) ? (env[name] as string) : reference;
  });
}
