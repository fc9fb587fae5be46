import type { GitStep } from "../compile/index.ts";
import type { RunCode } from "./record.ts";

export function pinnedCode(step: GitStep, { commit, ref, redirectedTo }: NonNullable<GitStep["pin"]>): RunCode {
  const { connection, url, revision, options } = step;
  return {
    ...(connection !== undefined && { connection }),
    url,
    ...(redirectedTo !== undefined && { redirectedTo }),
    ...(revision !== undefined && { revision }),
    ...(ref !== undefined && { ref }),
    commit,
    history: options.history,
  };
}
