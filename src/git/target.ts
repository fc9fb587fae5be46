import { lstat, mkdir, mkdtemp, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, isAbsolute, join, normalize } from "node:path";
import { BowlineError, errnoOf, isLeftover, makeFolder, ownMark, removeAll, writeError } from "../lib/index.ts";
import { MOUNT_FOLDER } from "./cache/mounts.ts";

/** A private folder beside the target, on its file system, in which the target is made. */
export interface Workplace {
  /** Mode 0700. */
  folder: string;
  /** Becomes the target. */
  tree: string;
  /** Throws DISK_NOT_WRITABLE where somebody moved or removed the tree. */
  check: () => Promise<void>;
  /** Puts the tree in the target's place, all at once. */
  publish: () => Promise<void>;
  /** Makes the tree an empty folder again. */
  reset: () => Promise<void>;
  /** Throws DISK_NOT_WRITABLE only where what stays would be part of a target. */
  remove: () => Promise<void>;
}

const PREFIX = ".bowline-";

/**
 * Opens a workplace for a target, which must be absent or an empty folder; what killed processes left beside it is removed.
 * Throws PATH_INVALID, DISK_FULL or DISK_NOT_WRITABLE.
 */
export async function openWorkplace(target: string): Promise<Workplace> {
  await refuseTarget(target);
  await sweepLeftovers(dirname(target));
  const workplace = await openInnerWorkplace(target);
  // what cannot be removed is swept by a later one
  return { ...workplace, remove: () => workplace.remove().catch(() => {}) };
}

/** The same for a submodule. What is beside it came with the repository, whatever it is called, and stays. */
export async function openInnerWorkplace(target: string): Promise<Workplace> {
  await refuseTarget(target);
  const parent = dirname(target);
  await makeFolder(parent);
  const folder = await mkdtemp(join(parent, `${PREFIX}${ownMark()}-`)).catch((cause: unknown) => {
    throw writeError(parent, cause);
  });
  const tree = join(folder, "tree");
  const remove = async (): Promise<void> => {
    const left = await readdir(tree).catch(() => []);
    await (left.length > 0 ? removeAll(folder) : rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  };
  try {
    let made = await makeTree(tree);
    return {
      folder,
      tree,
      check: () => made.check(),
      async publish() {
        await made.check();
        await publish(tree, target);
        await made.close();
      },
      async reset() {
        await removeAll(tree);
        await made.close();
        made = await makeTree(tree);
      },
      async remove() {
        await made.close();
        await remove().catch((cause: unknown) => {
          throw writeError(folder, cause);
        });
      },
    };
  } catch (cause) {
    await remove().catch(() => {});
    throw writeError(parent, cause);
  }
}

/**
 * The folder that becomes the target, kept open: when everything around it was moved or removed meanwhile, some of it was made again by whoever wrote there
 * next, and must not be taken for the whole.
 */
async function makeTree(path: string): Promise<{ check: () => Promise<void>; close: () => Promise<void> }> {
  await mkdir(path);
  const folder = await open(path, "r");
  const wide = { bigint: true } as const;
  let closed = false;
  return {
    async check() {
      if (closed) return;
      const [own, found] = await Promise.all([
        folder.stat(wide).catch((cause: unknown) => {
          throw writeError(path, cause);
        }),
        lstat(path, wide).catch(() => undefined),
      ]);
      if (found?.ino === own.ino && found.dev === own.dev) return;
      throw new BowlineError({
        code: "DISK_NOT_WRITABLE",
        message: `"${path}" was moved or removed while the repository was written there`,
        hint: "see what removes folders there, then run the command again",
      });
    },
    close() {
      closed = true;
      return folder.close();
    },
  };
}

async function refuseTarget(target: string): Promise<void> {
  const refuse = (why: string): BowlineError =>
    new BowlineError({
      code: "PATH_INVALID",
      message: `the repository cannot be put into "${target}": ${why}`,
      hint: "name a folder that is empty or does not exist yet",
    });
  // Node gives bytes that are no text so: the folder would be another one
  if (target.includes("\ufffd")) throw refuse("its name is not UTF-8");
  if (!isAbsolute(target) || normalize(target) !== target || target === "/" || target.includes("\0"))
    throw refuse("it is no absolute path of a folder");
  const found = await lstat(target).catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw refuse(`it cannot be looked at (${errnoOf(error)})`);
  });
  if (found === undefined) return;
  if (!found.isDirectory()) throw refuse(found.isSymbolicLink() ? "it is a symbolic link" : "it is no folder");
  if ((await readdir(target)).length > 0) throw refuse("it is not empty");
}

async function publish(tree: string, target: string): Promise<void> {
  try {
    await rename(tree, target);
  } catch (cause) {
    const errno = errnoOf(cause);
    if (errno !== "ENOTEMPTY" && errno !== "EEXIST" && errno !== "ENOTDIR" && errno !== "EBUSY")
      throw writeError(target, cause);
    const why = errno === "EBUSY" ? "it is a mount point" : "something else was put there in the meantime";
    throw new BowlineError(
      {
        code: "PATH_INVALID",
        message: `the repository cannot be put into "${target}": ${why}`,
        hint: "name a folder that does not exist yet, inside of the volume",
      },
      { cause },
    );
  }
}

/** Removes workplaces whose process is gone; of those that only another machine could judge, what is a day old. */
async function sweepLeftovers(parent: string): Promise<void> {
  const all = await readdir(parent).catch(() => []);
  const names = all.filter((name) => name.startsWith(PREFIX) && !name.startsWith(MOUNT_FOLDER));
  for (const name of names) {
    const folder = join(parent, name);
    if (await isLeftover(folder, name.slice(PREFIX.length))) await removeAll(folder).catch(() => undefined);
  }
}
