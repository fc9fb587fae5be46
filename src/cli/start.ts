/**
 * What bin/bowline.js starts: loads the command, with the compiled code that the build left beside it. Where that is of another Node, the user's
 * own cache is used, and filled, if it is there already: nobody else could have put something there for us to run.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { homeFolders } from "../config/index.ts";
import { VERSION } from "../lib/index.ts";
import { loadCompiled } from "./compiled-code.ts";

const here = import.meta.dirname;
const node = `node-${process.versions.node}-${process.arch}`;
const built = join(here, "compiled", node);

loadCompiled(join(here, "command", "bowline.cjs"), existsSync(built) ? { kept: built, write: false } : usersOwn());

function usersOwn(): { kept: string; write: boolean } {
  const { env } = process;
  const cache = env["BOWLINE_HOME"] || env["HOME"] ? homeFolders(env).cache : undefined;
  if (cache === undefined || !existsSync(cache)) return { kept: built, write: false };
  return { kept: join(cache, "compiled", `${VERSION}-${node}`), write: true };
}
