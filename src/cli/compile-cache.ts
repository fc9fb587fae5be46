import { existsSync } from "node:fs";
import * as nodeModule from "node:module";
import { join } from "node:path";
import { homeFolders } from "../config/index.ts";

/**
 * Lets Node 22.1 and newer keep the compiled bundle, in the user's own cache and only where that is there already: Node's default place is
 * the machine's temporary folder, where somebody else could have put something for us to run.
 */
export function keepCompiled(env: Readonly<Record<string, string | undefined>>): void {
  const { enableCompileCache } = nodeModule as { enableCompileCache?: (folder: string) => void };
  if (enableCompileCache === undefined || !(env["BOWLINE_HOME"] || env["HOME"])) return;
  const { cache } = homeFolders(env);
  if (existsSync(cache)) enableCompileCache(join(cache, "compiled"));
}
