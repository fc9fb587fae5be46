import { readdir, rm } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";
import { digest } from "../objects/digest.ts";
import { runCommand } from "./mount-command.ts";
import { mountPoints } from "./mount-table.ts";
import { makePrivateFolder, readRecord, writeAnew } from "../../lib/index.ts";

/** A target that is an overlay: the kept files below, what the run writes in a folder beside the target. */
export interface Mount {
  target: string;
  /** The kept tree, and the checkout in it that is the lower folder. */
  kept: string;
  lower: string;
  /** Only the run's own processes see it (mount-space.ts): nothing is to be mounted again. */
  ofRun?: boolean;
}

/** Begins the name of the folder beside a target that holds what is written to it. */
export const MOUNT_FOLDER = ".bowline-mount-";
const RECORD = "mount.json";

/** Beside the target: what is written to it goes to `upper`. */
export function mountFolderOf(target: string): string {
  return join(dirname(target), `${MOUNT_FOLDER}${basename(target)}`);
}

/** The options of the overlay; undefined where a path cannot be written in them. */
export function overlayOptions({ target, lower }: Mount): string | undefined {
  const folder = mountFolderOf(target);
  const paths = { lowerdir: lower, upperdir: join(folder, "upper"), workdir: join(folder, "work") };
  if (Object.values(paths).some((path) => /[,:\\"\n]/.test(path))) return undefined;
  return Object.entries(paths)
    .map(([name, path]) => `${name}=${path}`)
    .join(",");
}

/** Mounts the overlay for all of this machine, when everything but the mount is there. Gives why that is not possible; undefined when it is mounted. */
export async function mountOverlay(mount: Mount): Promise<string | undefined> {
  const options = overlayOptions(mount);
  if (process.platform !== "linux") return "only Linux has overlay";
  if (options === undefined) return UNWRITABLE;
  const { code, said } = await runCommand(["mount", "-t", "overlay", "-o", options, "bowline", mount.target]);
  return code === 0 ? undefined : said;
}

export const UNWRITABLE = "a path has a character that options of a mount cannot hold";

/** Makes the mount known to whoever looks after the cache: the kept tree is in use from now on. */
export async function registerMount(root: string, mount: Mount): Promise<void> {
  const text = JSON.stringify(mount);
  await writeAnew(join(mountFolderOf(mount.target), RECORD), text, 0o600);
  await makePrivateFolder(join(root, "mounts"));
  await writeAnew(registryFile(root, mount.target), text, 0o600);
}

export async function forgetMount(root: string, target: string): Promise<void> {
  await rm(registryFile(root, target), { force: true });
  await rm(mountFolderOf(target), { recursive: true, force: true });
}

/** The mounts whose targets were not deleted, and whether those that are for all are mounted now: after a reboot they are not. */
export async function listMounts(root: string): Promise<(Mount & { mounted: boolean })[]> {
  const names = await readdir(join(root, "mounts")).catch(() => []);
  if (names.length === 0) return [];
  const points = new Set(await mountPoints());
  const found: (Mount & { mounted: boolean })[] = [];
  for (const name of names) {
    const path = join(root, "mounts", name);
    const mount = await readMount(path);
    const own = mount && (await readMount(join(mountFolderOf(mount.target), RECORD)));
    if (mount === undefined || own === undefined) await rm(path, { force: true }).catch(() => {});
    else found.push({ ...mount, mounted: mount.ofRun === true || points.has(mount.target) });
  }
  return found;
}

/** Mounts again what a reboot has taken away, as far as that goes. */
export async function mountAgain(root: string): Promise<void> {
  for (const mount of await listMounts(root)) if (!mount.mounted) await mountOverlay(mount);
}

/** Takes away every mount below the folder, the innermost first, so that it can be removed. */
export async function unmountBelow(folder: string): Promise<void> {
  const below = (await mountPoints()).filter((path) => path === folder || path.startsWith(folder + sep));
  for (const path of below.toReversed()) {
    const { code } = await runCommand(["umount", path]);
    if (code !== 0) await runCommand(["umount", "-l", path]);
  }
}

function registryFile(root: string, target: string): string {
  return join(root, "mounts", digest(target));
}

async function readMount(path: string): Promise<Mount | undefined> {
  const { target, kept, lower, ofRun } = (await readRecord(path)) ?? {};
  if (typeof target !== "string" || typeof kept !== "string" || typeof lower !== "string") return undefined;
  return { target, kept, lower, ...(ofRun === true && { ofRun }) };
}
