import { readFile, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { BowlineError, writePrivateFile } from "../../lib/index.ts";
import type { GitRequest } from "../request.ts";
import { startGit } from "./git-process.ts";

/** `[2, 39, 5]` */
export type GitVersion = readonly [major: number, minor: number, patch: number];

const OLDEST: GitVersion = [2, 34, 0];
export const FALLBACK_PATH = "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin";

const checked = new Map<string, Promise<GitVersion>>();

/**
 * The version of the git that is used. Asked once per process, and with a cache once for a file of git: a start of it less. Throws GIT_MISSING when there is none, or one older than 2.34.
 */
export function checkGitVersion({ network, cache }: Pick<GitRequest, "network" | "cache">): Promise<GitVersion> {
  const path = network.searchPath ?? FALLBACK_PATH;
  let version = checked.get(path);
  if (version === undefined)
    checked.set(path, (version = cache === undefined ? askGit(path) : recallOrAsk(path, join(cache, "git-version"))));
  return version;
}

/** A file with the version, and with what tells this file of git from another one. */
async function recallOrAsk(path: string, file: string): Promise<GitVersion> {
  const identity = await identityOf(path);
  const [known, ...numbers] = (await readFile(file, "utf8").catch(() => "")).split("\n");
  if (identity !== undefined && known === identity && numbers.length === 3 && numbers.every((one) => /^\d+$/.test(one)))
    return numbers.map(Number) as unknown as GitVersion;
  const version = await askGit(path);
  if (identity !== undefined) await writePrivateFile(file, [identity, ...version].join("\n")).catch(() => undefined);
  return version;
}

async function identityOf(path: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter)) {
    const file = join(folder || ".", "git");
    const found = await stat(file).catch(() => undefined);
    if (found?.isFile() === true) return [file, found.dev, found.ino, found.size, found.mtimeMs].join(" ");
  }
  return undefined;
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
