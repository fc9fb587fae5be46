import { lchown, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { BowlineError } from "../../lib/index.ts";

/**
 * Gives a folder and everything in it to somebody; symlinks themselves, never what they point to.
 * If that fails, the folder is taken away, so that another try finds its place free.
 */
export async function changeOwner(folder: string, owner: { uid: number; gid: number }): Promise<void> {
  try {
    await change(folder, owner);
  } catch (cause) {
    // A mount point is emptied and stays.
    await rm(folder, { recursive: true, force: true }).catch(() => {});
    if ((cause as NodeJS.ErrnoException).code !== "EPERM") throw cause;
    const message = `the files in "${folder}" cannot be given to ${owner.uid}:${owner.gid}`;
    throw new BowlineError({ code: "DISK_NOT_WRITABLE", message, hint: "only root may; leave --owner out" }, { cause });
  }
}

async function change(folder: string, owner: { uid: number; gid: number }): Promise<void> {
  await lchown(folder, owner.uid, owner.gid);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await change(path, owner);
    else await lchown(path, owner.uid, owner.gid);
  }
}
