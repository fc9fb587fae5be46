import { BowlineError } from "../../lib/index.ts";
import type { Network } from "../../config/index.ts";
import { startGit } from "./git-process.ts";

/** `[2, 39, 5]` */
export type GitVersion = readonly [major: number, minor: number, patch: number];

const OLDEST: GitVersion = [2, 34, 0];
export const FALLBACK_PATH = "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin";

const checked = new Map<string, Promise<GitVersion>>();

/** The version of the git that is used; asked once per process. Throws GIT_MISSING when there is none, or one older than 2.34. */
export function checkGitVersion(network: Pick<Network, "searchPath">): Promise<GitVersion> {
  const path = network.searchPath ?? FALLBACK_PATH;
  let version = checked.get(path);
  if (version === undefined) checked.set(path, (version = askGit(path)));
  return version;
}

async function askGit(path: string): Promise<GitVersion> {
  const signal = AbortSignal.timeout(10_000);
  const { stdout } = await startGit({
    args: ["--version"],
    env: { PATH: path, LC_ALL: "C" },
    cwd: "/",
    reachesOut: false,
    signal,
  });
  const text = stdout.toString().trim();
  const match = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  const version: GitVersion = [Number(match?.[1] ?? 0), Number(match?.[2] ?? 0), Number(match?.[3] ?? 0)];
  if (version[0] > OLDEST[0] || (version[0] === OLDEST[0] && version[1] >= OLDEST[1])) return version;
  throw new BowlineError({
    code: "GIT_MISSING",
    message: `this git is too old: ${text.replace(/^git version /, "")}, and ${OLDEST.join(".")} is needed`,
    hint: "install git 2.34 or newer",
  });
}
