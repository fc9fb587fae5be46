import { spawn } from "node:child_process";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";
import { digest } from "../objects/cache-folder.ts";
import { mountPoints } from "./mount-table.ts";

/** A target that is an overlay: the kept files below, what the run writes in a folder beside the target. */
export interface Mount {
  target: string;
  /** The kept tree, and the checkout in it that is the lower folder. */
  kept: string;
  lower: string;
}

/** Begins the name of the folder beside a target that holds what is written to it. */
export const MOUNT_FOLDER = ".bowline-mount-";
const RECORD = "mount.json";

/** Beside the target: what is written to it goes to `upper`. */
export function mountFolderOf(target: string): string {
  return join(dirname(target), `${MOUNT_FOLDER}${basename(target)}`);
}

/**
 * Mounts the overlay, when everything but the mount is there. False where it is not possible: not root, no overlay in this kernel or on this file system, a path
 * that mount options cannot hold.
 */
export async function mountOverlay({ target, lower }: Mount): Promise<boolean> {
  const folder = mountFolderOf(target);
  const paths = { lowerdir: lower, upperdir: join(folder, "upper"), workdir: join(folder, "work") };
  if (process.getuid?.() !== 0 || process.platform !== "linux") return false;
  if (Object.values(paths).some((path) => /[,:\\"]/.test(path))) return false;
  const options = Object.entries(paths).map(([name, path]) => `${name}=${path}`);
  return runQuietly("mount", ["-t", "overlay", "-o", options.join(","), "bowline", target]);
}

/** Makes the mount known to whoever looks after the cache: the kept tree is in use from now on. */
export async function registerMount(root: string, mount: Mount): Promise<void> {
  const text = JSON.stringify(mount);
  await writeFile(join(mountFolderOf(mount.target), RECORD), text, { mode: 0o600 });
  await mkdir(join(root, "mounts"), { recursive: true, mode: 0o700 });
  await writeFile(registryFile(root, mount.target), text, { mode: 0o600 });
}

export async function forgetMount(root: string, target: string): Promise<void> {
  await rm(registryFile(root, target), { force: true });
  await rm(mountFolderOf(target), { recursive: true, force: true });
}

/** The mounts whose targets were not deleted, and whether they are mounted now: after a reboot they are not. */
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
    else found.push({ ...mount, mounted: points.has(mount.target) });
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
    if (!(await runQuietly("umount", [path]))) await runQuietly("umount", ["-l", path]);
  }
}

function registryFile(root: string, target: string): string {
  return join(root, "mounts", digest(target));
}

async function readMount(path: string): Promise<Mount | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Mount;
  } catch {
    return undefined;
  }
}

/** Whether the command succeeded. */
function runQuietly(command: string, words: string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };
    const child = spawn(command, words, { stdio: "ignore", env, cwd: "/" });
    child.on("error", () => resolve(false));
    child.on("close", (code) => resolve(code === 0));
  });
}
