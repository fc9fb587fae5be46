/**
 * Kubernetes' references: `$(NAME)` is the variable's value, `$$(NAME)` the text `$(NAME)`, an unknown name stays as it is.
 * A `$$` before anything else is left to the shell, whose process number it is; Kubernetes itself would halve it.
 * https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
 */
export function expandVariables(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(/(\$?)\$\(([^()]*)\)/g, (reference, escape: string, name: string) => {
    if (escape !== "") return reference.slice(1);
    return Object.hasOwn(env, name) ? (env[name] as string) : reference;
  });
}
