import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { withFileLock } from "../../lib/index.ts";
import type { Git } from "../process/open-git.ts";
import { commitRefs, writeWhole, type BareRepository } from "./bare-repository.ts";
import { readShallow } from "./shallow-file.ts";

const MOST_PACKS = 24;
const MOST_COMMITS = 200;
const UNUSED = 30 * 86_400_000;

/**
 * Makes one pack of many, without the commits that nobody has wanted for 30 days. Others may read meanwhile; git looks again when a pack is gone. By one
 * process at a time; never throws: it is nobody's own work.
 */
export async function repackIfNeeded(bare: BareRepository, git: Git): Promise<void> {
  const { gitFolder, lock } = bare;
  const packs = (await readdir(join(gitFolder, "objects/pack")).catch(() => [])).filter((name) =>
    name.endsWith(".pack"),
  );
  if (packs.length <= MOST_PACKS) return;
  try {
    await withFileLock(
      lock,
      async () => {
        await forgetUnused(bare);
        await removeLeftovers(gitFolder);
        const words = ["-c", "repack.writeBitmaps=false", "repack", "-a", "-d", "-q", "--window=0"];
        await git.run([`--git-dir=${gitFolder}`, ...words]);
      },
      { patience: 0 },
    );
  } catch {
    // another process writes, or the next one will find what is wrong
  }
}

async function forgetUnused(bare: BareRepository): Promise<void> {
  const refs = await commitRefs(bare);
  const gone = refs.filter(({ time }, index) => index >= MOST_COMMITS || Date.now() - time > UNUSED);
  for (const { path } of gone) await rm(path, { force: true });
  const left = new Set(refs.filter((ref) => !gone.includes(ref)).map(({ commit }) => commit));
  const shallow = join(bare.gitFolder, "shallow");
  const lines = (await readShallow(bare.gitFolder)).filter((line) => left.has(line));
  await writeWhole(shallow, lines.map((line) => `${line}\n`).join(""));
}

/** What a git that was killed was about to write. Only under the lock of the repository. */
export async function removeLeftovers(gitFolder: string): Promise<void> {
  const paths = await readdir(gitFolder, { recursive: true, withFileTypes: true });
  for (const entry of paths) {
    if (entry.isFile() && /^\.?tmp-|^tmp_|\.lock$/.test(entry.name))
      await rm(join(entry.parentPath, entry.name), { force: true });
  }
}
