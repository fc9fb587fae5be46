import { BowlineError, isOfMachine } from "../../lib/index.ts";
import type { Network } from "../../config/index.ts";
import { gitFailure } from "./git-failure.ts";
import { startGit, type GitExit } from "./git-process.ts";

/** `[2, 39, 5]` */
export type GitVersion = readonly [major: number, minor: number, patch: number];

const OLDEST: GitVersion = [2, 34, 0];
export const FALLBACK_PATH = "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin";

const checked = new Map<string, Promise<GitVersion>>();

/** The version of the git that is used; asked until it was told. Throws GIT_MISSING when there is none, or one older than 2.34; SYSTEM_LIMIT where it was ended. */
export function checkGitVersion(network: Pick<Network, "searchPath">): Promise<GitVersion> {
  const path = network.searchPath ?? FALLBACK_PATH;
  const before = checked.get(path);
  if (before !== undefined) return before;
  const version = askGit(path);
  checked.set(path, version);
  // what is wrong now may be put right while this process goes on
  version.catch(() => checked.delete(path));
  return version;
}

async function askGit(path: string): Promise<GitVersion> {
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(noUse("does not say its version within 10 s")), 10_000);
  const exit = await startGit({
    args: ["--version"],
    env: { PATH: path, LC_ALL: "C" },
    cwd: "/",
    reachesOut: false,
    signal: over.signal,
  }).finally(() => clearTimeout(timer));
  const text = exit.stdout.subarray(0, 100).toString().trim();
  const match = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  if (match === null) throw kept(exit) ?? noUse(`does not say its version, but ${JSON.stringify(text)}`);
  const version: GitVersion = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
  if (version[0] > OLDEST[0] || (version[0] === OLDEST[0] && version[1] >= OLDEST[1])) return version;
  throw noUse(`is too old: ${text.replace(/^git version /, "")}, and ${OLDEST.join(".")} is needed`);
}

/** It may be there, and kept from its work. */
function kept(exit: GitExit): BowlineError | undefined {
  const failure = gitFailure(exit, { command: ["--version"] });
  return isOfMachine(failure) ? failure : undefined;
}

function noUse(why: string): BowlineError {
  return new BowlineError({ code: "GIT_MISSING", message: `this git ${why}`, hint: "install git 2.34 or newer" });
}
