/**
 * The kubelet reads `$(NAME)` in commands, arguments and values, and halves every `$$`. Here that happens only before `(NAME)`, as on every
 * executor: a `$$` for the shell stays, which is its process number.
 * https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
 */
export function expandable(text: string): string {
  return text.replaceAll(/(\$+)(\([^()]*\))?/g, (_, dollars: string, reference: string | undefined) => {
    if (reference !== undefined) return "$".repeat(dollars.length === 1 ? 1 : 2 * (dollars.length - 1)) + reference;
    return dollars.length === 1 ? dollars : dollars + dollars;
  });
}

/** A text of ours that the kubelet is to leave as it is. */
export function literal(text: string): string {
  return text.replaceAll("$", "$$$$");
}
