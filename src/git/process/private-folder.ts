import { lstat, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAlive, ownIdentity, writeError, type ProcessIdentity } from "../../lib/index.ts";

const PREFIX = "bowline-";
const HOLDER = "holder.json";

/** Does something with a new private folder (mode 0700), and removes the folder whatever happens; first those that killed processes left. */
export async function withPrivateFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  await sweepPrivateFolders();
  const parent = tmpdir();
  const folder = await mkdtemp(join(parent, PREFIX)).catch((cause: unknown) => {
    throw writeError(parent, cause);
  });
  try {
    await writeFile(join(folder, HOLDER), JSON.stringify(ownIdentity()), { mode: 0o600 }).catch((cause: unknown) => {
      throw writeError(folder, cause);
    });
    return await use(folder);
  } finally {
    // what cannot be removed is swept by a later one
    await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
  }
}

/** Removes the private folders of processes that were killed: an ssh key may lie in them. Never throws. */
export async function sweepPrivateFolders(): Promise<void> {
  const parent = tmpdir();
  const names = await readdir(parent).catch(() => []);
  for (const name of names.filter((one) => one.startsWith(PREFIX))) {
    const folder = join(parent, name);
    if (await isLeftover(folder)) await rm(folder, { recursive: true, force: true }).catch(() => {});
  }
}

/** The folder for temporary files is everybody's: another user's folder is never touched. */
async function isLeftover(folder: string): Promise<boolean> {
  try {
    const found = await lstat(folder);
    if (!found.isDirectory() || found.uid !== process.getuid?.()) return false;
    const holder = JSON.parse(await readFile(join(folder, HOLDER), "utf8")) as ProcessIdentity;
    return isAlive(holder) === false;
  } catch {
    return false;
  }
}
