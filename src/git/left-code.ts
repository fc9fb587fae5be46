import { realpath, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isFullCommit, readSmallFile } from "../lib/index.ts";
import type { CodeReference } from "./code-reference.ts";
import { readCommit } from "./trees/commit-details.ts";
import { makeEmptyRepository } from "./objects/empty-repository.ts";
import type { Git } from "./process/open-git.ts";
import { withGit } from "./process/with-git.ts";
import type { GitRequest } from "./request.ts";

/** What a handler was asked for, and where it was to put it. */
export interface LeftCodeRequest extends Pick<GitRequest, "url" | "revision" | "connection" | "policy" | "network"> {
  /** The commit and ref that the step was pinned to, when it could be. */
  pin?: { commit: string; ref?: string; redirectedTo?: string };
  path: string;
  /** Milliseconds that the handler took. */
  took: number;
  signal: AbortSignal;
}

/**
 * The code reference of what a user's own handler left in `path`: of the commit that is there, whatever was asked for.
 * Undefined when it left no repository that can be read. git is not started in that folder, whose configuration is not
 * ours: its objects are read from an empty repository beside it.
 */
export async function readLeftCode(request: LeftCodeRequest): Promise<CodeReference | undefined> {
  const { path, url, policy, network, signal, pin } = request;
  const left = await readHead(join(path, ".git"));
  if (left === undefined) return undefined;
  const { commit, ref, shallow } = left;
  return withGit({ policy, network, signal }, async (git, folder) => {
    const repository = join(folder, "repository");
    const gitFolder = join(repository, ".git");
    await makeEmptyRepository({ gitFolder, commit, bare: false });
    await writeFile(join(gitFolder, "objects/info/alternates"), `${left.objects}\n`);
    if (shallow !== undefined) await writeFile(join(gitFolder, "shallow"), shallow);
    try {
      const details = await readCommit(git, { repository, commit, url });
      const asPinned = pin?.commit === commit;
      const { connection, revision } = request;
      const branch = ref ?? (asPinned ? pin.ref : undefined);
      return {
        ...(connection !== undefined && { connection }),
        url: url.trim(),
        ...(asPinned && pin.redirectedTo !== undefined && { redirectedTo: pin.redirectedTo }),
        ...(revision !== undefined && { revision }),
        ...(branch !== undefined && { ref: branch }),
        ...{ commit, ...details, path, by: "handler", bytes: 0, cache: "miss" },
        history: shallow === undefined ? "full" : await countCommits(git, { repository, commit }),
        timings: { resolve: 0, fetch: Math.round(request.took), checkout: 0, copy: 0 },
        at: new Date().toISOString(),
      };
    } catch (error) {
      if (signal.aborted) throw error;
      return undefined;
    }
  });
}

async function countCommits(git: Git, { repository, commit }: { repository: string; commit: string }): Promise<number> {
  const { stdout } = await git.run(["rev-list", "--count", commit, "--"], { cwd: repository });
  return Number(stdout.toString());
}

interface Head {
  commit: string;
  ref?: string;
  objects: string;
  shallow?: string;
}

/** Read by ourselves (gitrepository-layout): HEAD, then the branch in a file of its own or in packed-refs. */
async function readHead(gitFolder: string): Promise<Head | undefined> {
  const head = await readSmall(join(gitFolder, "HEAD"));
  if (head === undefined) return undefined;
  const ref = /^ref: (refs\/heads\/[^\0-\x20\x7f]+)\n?$/.exec(head)?.[1];
  if (ref?.split("/").some((segment) => segment === ".." || segment === "")) return undefined;
  const commit = ref === undefined ? head.trim() : await readRef(gitFolder, ref);
  if (commit === undefined || !isFullCommit(commit)) return undefined;
  const objects = await realpath(join(gitFolder, "objects")).catch(() => undefined);
  // The file of alternates has one path a line.
  if (objects === undefined || /[\n"#]/.test(objects)) return undefined;
  const shallow = await readSmall(join(gitFolder, "shallow"));
  return { commit, ...(ref !== undefined && { ref }), objects, ...(shallow !== undefined && { shallow }) };
}

async function readRef(gitFolder: string, ref: string): Promise<string | undefined> {
  const loose = await readSmall(join(gitFolder, ref));
  if (loose !== undefined) return loose.trim();
  const packed = (await readSmall(join(gitFolder, "packed-refs")))?.split("\n") ?? [];
  return packed.find((line) => line.endsWith(` ${ref}`))?.split(" ")[0];
}

/** A plain file of at most 16 MiB; nothing for all else. */
async function readSmall(path: string): Promise<string | undefined> {
  return readSmallFile(path, 2 ** 24).catch(() => undefined);
}
