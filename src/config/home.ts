import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { BowlineError } from "../lib/index.ts";
import type { Home } from "./config.ts";

/** Environment variables by name, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The folders of everything Bowline writes: below BOWLINE_HOME when that is set, else the XDG folders, whose variables
 * count only when absolute (XDG Base Directory Specification 0.8). Nothing is made on disk. USAGE when there is no home.
 */
export function homeFolders(env: Environment): Home {
  if (env["BOWLINE_HOME"]) {
    const home = resolve(env["BOWLINE_HOME"]);
    return { config: home, data: join(home, "data"), state: join(home, "state"), cache: join(home, "cache") };
  }
  return {
    config: xdgFolder(env, "XDG_CONFIG_HOME", ".config"),
    data: xdgFolder(env, "XDG_DATA_HOME", ".local/share"),
    state: xdgFolder(env, "XDG_STATE_HOME", ".local/state"),
    cache: xdgFolder(env, "XDG_CACHE_HOME", ".cache"),
  };
}

function xdgFolder(env: Environment, variable: string, belowHome: string): string {
  const set = env[variable];
  const base = set && isAbsolute(set) ? set : join(userHome(env), belowHome);
  return join(base, "bowline");
}

function userHome(env: Environment): string {
  const set = env["HOME"];
  if (set && isAbsolute(set)) return set;
  try {
    // Throws for a user id without a passwd entry.
    return homedir();
  } catch (cause) {
    throw new BowlineError(
      {
        code: "USAGE",
        message: "there is no home folder to keep anything in: HOME is not set and this user has no passwd entry",
        hint: "set BOWLINE_HOME to a folder of your own",
      },
      { cause },
    );
  }
}
