import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { BowlineError, runProgram } from "../lib/index.ts";
import type { CliContext } from "./context.ts";
import { printWarnings } from "./output/problems.ts";

/** The file that `bowline init` writes and `--git-preset` reads. */
export const GIT_PRESET_FILE = "polyaxongit.yaml";

export function hasGitPreset(context: CliContext): boolean {
  return existsSync(resolve(context.cwd, GIT_PRESET_FILE));
}

/** The preset of this folder, and the revision to use: the one asked for, else the commit that this clone is at. */
export async function readGitPreset(
  revision: string | undefined,
  context: CliContext,
): Promise<{ gitPreset: { name: string; text: string }; gitRevision?: string }> {
  let text: string;
  try {
    text = readFileSync(resolve(context.cwd, GIT_PRESET_FILE), "utf8");
  } catch (cause) {
    throw new BowlineError(
      {
        code: "FILE_NOT_READ",
        message: `--git-preset needs "${GIT_PRESET_FILE}" in this folder`,
        hint: "write it with: bowline init --git-connection NAME",
      },
      { cause },
    );
  }
  const gitPreset = { name: GIT_PRESET_FILE, text };
  const gitRevision = revision ?? (await commitHere(context));
  return gitRevision === undefined ? { gitPreset } : { gitPreset, gitRevision };
}

/** Bytes: a clone may have very many changes. */
const MOST = 64 * 1024 * 1024;

/** The commit of the clone here; a warning where that is not all that the folder holds. */
async function commitHere(context: CliContext): Promise<string | undefined> {
  const git = (args: string[]) =>
    // The user's own clone, where he would run git himself; only the monitor program is kept from starting.
    runProgram("git", ["-c", "core.fsmonitor=false", ...args], { cwd: context.cwd, env: context.env, most: MOST });
  const head = await git(["rev-parse", "--verify", "HEAD^{commit}"]);
  if (head.exitCode !== 0) {
    warn("this folder is no git clone with a commit: the preset's own revision is used", context);
    return undefined;
  }
  const status = await git(["status", "--porcelain"]);
  if (status.exitCode === 0 && status.stdout !== "") {
    warn("this clone has changes that are not committed: the run will not see them", context);
  }
  return head.stdout.trim();
}

function warn(message: string, context: CliContext): void {
  printWarnings([{ code: "GIT_PRESET", message, hint: "or say which with: --git-revision REVISION" }], context);
}
