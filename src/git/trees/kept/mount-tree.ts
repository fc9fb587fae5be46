import { chmod, mkdir, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf, isThere, makeFolder, shellQuote, shownUrl } from "../../../lib/index.ts";
import { forgetMount, mountFolderOf, mountOverlay, registerMount, type Mount } from "../../cache/mounts.ts";
import { openScript } from "../../cache/open-script.ts";
import { warn } from "../../failures.ts";
import { planOf, type Making } from "../../making.ts";
import type { CacheFolder } from "../../objects/cache-folder.ts";
import { oneAtATime } from "../../objects/one-at-a-time.ts";
import { finishConfig, pointHead } from "../checkout.ts";
import { filterOf, manifestOf, newTreeFolder, type KeptTree } from "./kept-tree.ts";
import { unpackTree } from "./unpack-tree.ts";

/**
 * Makes the target an overlay over the kept tree, which is written out once for all. False, and a warning, where that is not possible here; then nothing is left of the try.
 * Throws DamagedTree, or what writing throws.
 */
export async function mountTree(kept: KeptTree, making: Making, cache: CacheFolder): Promise<boolean> {
  const { target } = making.request;
  const isRoot = process.getuid?.() === 0;
  const space = isRoot ? undefined : making.request.mounts;
  if (space === undefined && !isRoot) {
    warnNotMounted(
      making,
      "what a user other than root mounts is seen by processes that are started for it only, which the process executor does",
    );
    return false;
  }
  const lower = await checkoutOf(kept, making, cache);
  const mount: Mount = { target, kept: kept.folder, lower, ...(space !== undefined && { ofRun: true }) };
  const folder = mountFolderOf(target);
  await rm(folder, { recursive: true, force: true });
  const upper = join(folder, "upper");
  await makeFolder(join(upper, ".git"));
  await mkdir(join(folder, "work"));
  await chmod(folder, 0o700);
  const plan = { ...planOf(making, filterOf(kept, making.request.options)), repository: upper };
  await pointHead(plan);
  await finishConfig(plan, kept.record.configTail);
  await registerMount(cache.root, mount);
  const made = await mkdir(target).then(
    () => true,
    () => false,
  );
  const refused = await (space === undefined ? mountOverlay(mount) : space.mount(mount));
  if (refused === undefined) {
    if (space !== undefined) await leaveOpener(mount, making);
    return true;
  }
  await forgetMount(cache.root, target);
  if (made) await rmdir(target);
  warnNotMounted(making, refused);
  return false;
}

/** Says that the files are written, though a mount was asked for. */
export function warnNotMounted({ request }: Making, why: string): void {
  warn(request, {
    code: "MOUNT_NOT_POSSIBLE",
    message: `the files of "${shownUrl(request.url)}" are written, they cannot be mounted here: ${why}`,
    hint: "`mount` needs Linux, root or user namespaces, a commit that the cache keeps and a disk that overlay can write to; or leave it out",
  });
}

/** In the folder that is seen where the mount is not. */
async function leaveOpener(mount: Mount, { request }: Making): Promise<void> {
  const path = join(mount.target, "open.sh");
  await writeFile(path, openScript(mount), { mode: 0o755 });
  warn(request, {
    code: "MOUNTED_FOR_THE_RUN",
    message: `the files of "${shownUrl(request.url)}" are mounted for the processes of this run: nobody else sees them, as this user is not root`,
    hint: `look at them when the run is over: sh ${shellQuote(path)}`,
  });
}

/** The kept tree as files: only ever the lower folder of overlays, where nobody can write. */
async function checkoutOf(kept: KeptTree, making: Making, cache: CacheFolder): Promise<string> {
  const checkout = join(kept.folder, "checkout");
  if (await isThere(checkout)) return checkout;
  const { commit } = kept.record;
  const turn = { making, cache, name: `${commit}-checkout`, what: `files of commit ${commit}` };
  await oneAtATime(turn, async () => {
    if (await isThere(checkout)) return;
    const made = await newTreeFolder(cache.repository);
    const tree = join(made, "tree");
    await mkdir(tree);
    const manifest = await manifestOf(kept);
    await unpackTree({ manifest, folder: kept.folder, tree, reflink: false, signal: making.deadline.signal });
    await rename(tree, checkout).catch((cause: unknown) => {
      if (errnoOf(cause) !== "ENOENT") throw cause;
    });
    await rm(made, { recursive: true, force: true });
  });
  return checkout;
}
