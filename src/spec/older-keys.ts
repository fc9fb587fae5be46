/** Keys of Polyaxon before 1.0, by their names alone, each with what it is today. */
export const OLDER_KEYS: ReadonlyMap<string, string> = new Map([
  ["cmd", "is `container: {command: [sh, -c, …]}` below `run:`"],
  ["build_steps", "belongs into the image"],
  ["env_vars", "is `env` of the container"],
  ["dockerfile", "is an image that was built before"],
  ["declarations", "is `inputs: [{name, value}]`"],
  ["hptuning", "is one run for each combination: -P name=value"],
  ["framework", "is left out"],
  ["logging", "is left out"],
  ["settings", "is left out"],
  ["persistence", "is `volumes` below `run:`"],
]);

/** What to do about a key of these, where a file of today has it. */
export function olderKeyHint(key: string): string | undefined {
  const today = OLDER_KEYS.get(key);
  return today && `\`${key}\` is of Polyaxon before 1.0; today it ${today}`;
}
