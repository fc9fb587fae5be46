import { access, constants, stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { homeFolders, loadConfig, networkFrom, type Config } from "../config/index.ts";
import { checkGitVersion } from "../git/index.ts";
import { BowlineError, runProgram } from "../lib/index.ts";
import { openSecretStore } from "../secrets/index.ts";
import type { CliContext } from "./context.ts";

/** One thing that Bowline needs, or can make use of (`missing` is no fault). */
export interface Finding {
  what: string;
  state: "ok" | "missing" | "wrong";
  detail: string;
  hint?: string;
}

/** Looks at everything, whatever is wrong with some of it. */
export async function examineMachine(options: { config?: string }, context: CliContext): Promise<Finding[]> {
  const flag = options.config === undefined ? {} : { flag: options.config };
  return [
    { what: "node", state: "ok", detail: process.versions.node },
    await finding("git", async () => (await checkGitVersion(networkFrom(context.env))).join(".")),
    await program("ssh", ["-V"], "needed for ssh urls: install OpenSSH"),
    await program("git-lfs", ["version"], "needed for LFS objects: install git-lfs"),
    await finding("config", async () =>
      configDetail(await loadConfig({ ...flag, cwd: context.cwd, env: context.env })),
    ),
    await finding("folders", () => folderDetail(context)),
    await finding("secrets", () => secretDetail(context)),
  ];
}

export async function finding(what: string, examine: () => Promise<string>): Promise<Finding> {
  try {
    return { what, state: "ok", detail: await examine() };
  } catch (error) {
    if (!(error instanceof BowlineError)) throw error;
    const more = error.problems.length > 1 ? ` (and ${error.problems.length - 1} more)` : "";
    return { what, state: "wrong", detail: `${error.message}${more}`, hint: error.hint };
  }
}

async function program(name: string, args: string[], hint: string): Promise<Finding> {
  const { exitCode, stdout, stderr } = await runProgram(name, args, { timeout: 5000 });
  if (exitCode !== 0) return { what: name, state: "missing", detail: "not found", hint };
  return { what: name, state: "ok", detail: (stdout || stderr).split("\n")[0]!.trim() };
}

function configDetail({ path, catalog, trusted, executor }: Config): Promise<string> {
  const count = catalog.connections.size;
  const what = `${count} connection${count === 1 ? "" : "s"}, executor ${executor.kind}`;
  const trust = trusted ? "" : ", not trusted (bowline config trust)";
  return Promise.resolve(path === undefined ? `none; ${what}` : `${path}: ${what}${trust}`);
}

/** Too little for a record of a run and its log. */
const NO_ROOM = 1024 * 1024;

/** Each folder, or the nearest one above it that is there, can be written, and there is room. */
async function folderDetail(context: CliContext): Promise<string> {
  const folders = homeFolders(context.env);
  for (const folder of Object.values(folders) as string[]) {
    const there = await nearestFolder(folder);
    try {
      await access(there, constants.W_OK);
    } catch (cause) {
      const message = `"${there}" cannot be written`;
      throw new BowlineError(
        { code: "DISK_NOT_WRITABLE", message, hint: "change its owner, or set BOWLINE_HOME" },
        { cause },
      );
    }
    const { bavail, bsize } = await statfs(there);
    if (bavail * bsize < NO_ROOM) {
      const message = `less than 1 MiB is free at "${there}"`;
      throw new BowlineError({ code: "DISK_FULL", message, hint: "free some space, or set BOWLINE_HOME" });
    }
  }
  return folders.data;
}

async function nearestFolder(path: string): Promise<string> {
  const there = await stat(path).then(
    () => true,
    () => false,
  );
  return there || dirname(path) === path ? path : nearestFolder(dirname(path));
}

async function secretDetail(context: CliContext): Promise<string> {
  const store = openSecretStore(homeFolders(context.env));
  const stored = await store.names();
  // Reading one shows whether the key file still fits.
  if (stored[0]) await store.get(stored[0].name, stored[0].kind);
  return `${stored.length} stored, encrypted`;
}
