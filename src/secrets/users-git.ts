import type { Environment } from "../config/index.ts";
import { BowlineError, runProgram } from "../lib/index.ts";

/** A call of the user's own git. */
export interface UsersGitCall {
  env: Environment;
  input?: string;
}

/** Helpers may have to ask a server; one that shows a window that nobody sees would wait for ever. */
const PATIENCE = 30_000;

/**
 * Calls the user's own git with the user's own environment and configuration, outside of any repository, and never with a
 * question on the terminal. Returns what it printed; undefined when it had nothing to say (an exit code other than 0).
 * GIT_MISSING without git.
 */
export async function usersGit(
  args: readonly string[],
  { env, input = "" }: UsersGitCall,
): Promise<string | undefined> {
  const result = await runProgram("git", args, { input, env: neutral(env), timeout: PATIENCE });
  if (result.errno === "ENOENT") {
    throw new BowlineError({ code: "GIT_MISSING", message: '"git" is not in PATH', hint: "install git 2.34 or newer" });
  }
  if (result.timedOut) {
    throw new BowlineError({
      code: "GIT_CREDENTIAL_MISSING",
      message: `your git's credential helper did not answer within ${PATIENCE / 1000} s`,
      hint: "try it: git credential fill; it must answer without a question",
    });
  }
  return result.exitCode === 0 ? result.stdout : undefined;
}

/** The user's environment without what belongs to a repository around us, what prints secrets, and what asks questions. */
function neutral(env: Environment): Record<string, string> {
  const kept = Object.entries(env).filter(
    ([name, value]) =>
      value !== undefined && !REPOSITORY.has(name) && !name.startsWith("GIT_TRACE") && name !== "SSH_ASKPASS",
  ) as [string, string][];
  return { ...Object.fromEntries(kept), GIT_TERMINAL_PROMPT: "0", GCM_INTERACTIVE: "never", LC_ALL: "C" };
}

/** `git rev-parse --local-env-vars`, without the variables that carry configuration. */
const REPOSITORY = new Set([
  "GIT_ALTERNATE_OBJECT_DIRECTORIES",
  "GIT_COMMON_DIR",
  "GIT_DIR",
  "GIT_GRAFT_FILE",
  "GIT_IMPLICIT_WORK_TREE",
  "GIT_INDEX_FILE",
  "GIT_INTERNAL_SUPER_PREFIX",
  "GIT_NAMESPACE",
  "GIT_NO_REPLACE_OBJECTS",
  "GIT_OBJECT_DIRECTORY",
  "GIT_PREFIX",
  "GIT_REPLACE_REF_BASE",
  "GIT_SHALLOW_FILE",
  "GIT_WORK_TREE",
]);
