import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Git } from "../process/open-git.ts";

/**
 * Makes a pack of the objects that came one by one, as from a server that is a mere folder of files: all that is done with a repository's objects
 * later is done with packs.
 */
export async function packLooseObjects(git: Git, gitFolder: string): Promise<void> {
  const objects = join(gitFolder, "objects");
  const folders = (await readdir(objects)).filter((name) => /^[0-9a-f]{2}$/.test(name));
  const names: string[] = [];
  for (const folder of folders) {
    const files = await readdir(join(objects, folder));
    names.push(...files.filter((name) => /^[0-9a-f]{38,62}$/.test(name)).map((name) => folder + name));
  }
  if (names.length === 0) return;
  const command = [`--git-dir=${gitFolder}`, "pack-objects", "--quiet", join(objects, "pack/pack")];
  await git.run(command, { input: names.map((name) => `${name}\n`).join("") });
  await git.run([`--git-dir=${gitFolder}`, "prune-packed", "--quiet"]);
}
