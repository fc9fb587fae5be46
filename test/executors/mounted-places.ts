import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../support/index.ts";

/** An ordinary user, who needs no name. */
export const USER = 54_321;
export const isRoot = process.getuid?.() === 0;
/** The words that start a command as that user; none where the tests are run by one. */
export const AS_USER = isRoot ? ["setpriv", "--reuid", `${USER}`, "--regid", `${USER}`, "--clear-groups"] : [];

/** Processes that see something mounted below the desk. */
export function holdersOf({ folder }: { folder: string }): string[] {
  const place = folder.replaceAll(" ", String.raw`\040`);
  return readdirSync("/proc").filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/mountinfo`, "utf8").includes(` ${place}/`);
    } catch {
      return false;
    }
  });
}

/** The sum and mode of every file below the folder. */
export function filesBelow(folder: string): Map<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name)).filter((path) => path.includes("/trees/"));
  return new Map(paths.map((path) => [path, createHash("sha256").update(readFileSync(path)).digest("hex")]));
}

/** Why this machine does not let an ordinary user mount. */
export async function whyNoMount(): Promise<string | undefined> {
  if (process.platform !== "linux") return "not Linux";
  const folder = await temporaryFolder();
  for (const name of ["lower", "upper", "work", "at"]) mkdirSync(join(folder, name));
  chmodSync(folder, 0o777);
  const options = "userxattr,lowerdir=lower,upperdir=upper,workdir=work";
  if (isRoot) for (const name of ["", "upper", "work", "at"]) chownSync(join(folder, name), USER, USER);
  const words = ["unshare", "--user", "--map-root-user", "--mount", "mount", "-t", "overlay", "-o", options, "x", "at"];
  const [program = "", ...rest] = [...AS_USER, ...words];
  const { status } = spawnSync(program, rest, { cwd: folder });
  return status === 0 ? undefined : "no user namespaces with overlay here";
}
