import { appendFile, lstat, rename, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { urlInScopeOf } from "../../connections/index.ts";
import { BowlineError, makeFolder, parseGitUrl, writeError, type GitUrl } from "../../lib/index.ts";
import type { Access } from "../access.ts";
import type { CodeReference } from "../code-reference.ts";
import { begunWith } from "../failures.ts";
import { configSection, quoted } from "../process/git-config.ts";
import { readGitmodules, refusedSubmodule, submoduleUrl, unknownSubmodule, type Submodule } from "./gitmodules.ts";
import type { Git } from "../process/open-git.ts";
import type { GitEvent, MaterializeRequest } from "../request.ts";
import { openSum } from "./budget.ts";
import { openSlots } from "./slots.ts";
import { inSparse } from "./sparse.ts";

export interface SubmodulesOptions {
  request: MaterializeRequest;
  /** Where the repository came from. */
  access: Access;
  commit: string;
  /** The checked out files; `gitFolder` is at its place in or below their `.git`. */
  tree: string;
  gitFolder: string;
  git: Git;
  /** How a submodule is fetched: as any other repository. */
  materialize: (request: MaterializeRequest) => Promise<CodeReference>;
}

export interface SubmodulesResult {
  /** Depth first, paths from the top. */
  submodules: NonNullable<CodeReference["submodules"]>;
  bytes: number;
}

interface Level extends SubmodulesOptions {
  /** Path of this repository from the top; empty for the top itself. */
  prefix: string;
  /** For all of them, however deep: a tree of submodules grows by powers. */
  slot: ReturnType<typeof openSlots>;
  /** For listing what each has, by the top's own git: short work of this machine alone, however many are fetched at a time. */
  listing: ReturnType<typeof openSlots>;
  sum: ReturnType<typeof openSum>;
}

const AT_A_TIME = 4;

/**
 * Fetches the commit's submodules, each at its exact commit and with the credential of its own url, and theirs. What is left is what `git submodule update --init`
 * leaves: repositories in `.git/modules`, relative links, active in the configuration. Errors name the submodule.
 */
export async function addSubmodules(options: SubmodulesOptions): Promise<SubmodulesResult> {
  const { submodules: wanted } = options.request.options;
  if (wanted === false) return { submodules: [], bytes: 0 };
  const sum = openSum(options.request);
  await sum.add(options.tree);
  const slot = openSlots(options.request.options.jobs ?? AT_A_TIME);
  const result = await addLevel({ ...options, prefix: "", slot, listing: openSlots(AT_A_TIME), sum });
  const missed = Array.isArray(wanted)
    ? wanted.map(withoutSlashes).find((path) => !result.submodules.some((one) => `${one.path}/`.startsWith(`${path}/`)))
    : undefined;
  if (missed === undefined) return result;
  throw unknownSubmodule(
    missed,
    result.submodules.map(({ path }) => path),
  );
}

async function addLevel(level: Level): Promise<SubmodulesResult> {
  const { request, prefix } = level;
  const { submodules: wanted, sparse } = request.options;
  const all = await level.listing(() => listSubmodules(level));
  const chosen = all.filter(
    ({ path }) => isWanted(wanted, prefix + path) && (prefix !== "" || inSparse(sparse, `${path}/x`)),
  );
  refuseNestedNames(chosen);
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, ...(request.signal === undefined ? [] : [request.signal])]);
  const results: SubmodulesResult[] = [];
  const queue = chosen.entries();
  const work = async (): Promise<void> => {
    for (const [index, submodule] of queue) {
      results[index] = await addSubmodule({ ...level, request: { ...request, signal } }, submodule);
    }
  };
  const workers = Array.from({ length: request.options.jobs ?? AT_A_TIME }, async () => {
    await work().catch((error: unknown) => {
      failed.abort(error);
      throw error;
    });
  });
  const settled = await Promise.allSettled(workers);
  if (settled.some(({ status }) => status === "rejected")) throw failed.signal.reason;
  return {
    submodules: results.flatMap(({ submodules }) => submodules),
    bytes: results.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

async function listSubmodules({ git, commit, tree }: Level): Promise<Submodule[]> {
  const { stdout } = await git.run(["ls-tree", "-r", "-z", "--full-tree", commit], { cwd: tree });
  const links = new Map<string, string>();
  let described = false;
  for (const entry of stdout.toString("utf8").split("\0")) {
    const [, mode, object, path] = /^(\d+) \w+ ([0-9a-f]+)\t(.*)$/s.exec(entry) ?? [];
    if (mode === "160000") links.set(path!, object!);
    if (path === ".gitmodules") described = true;
  }
  if (links.size === 0) return [];
  const list = ["config", "--blob", `${commit}:.gitmodules`, "--no-includes", "--list", "-z"];
  const config = described ? await git.run(list, { cwd: tree, expected: [128] }) : undefined;
  return readGitmodules({ config: config?.code === 128 ? undefined : (config?.stdout.toString("utf8") ?? ""), links });
}

function isWanted(wanted: boolean | string[], path: string): boolean {
  if (typeof wanted === "boolean") return wanted;
  return wanted.map(withoutSlashes).some((one) => `${path}/`.startsWith(`${one}/`) || one.startsWith(`${path}/`));
}

function withoutSlashes(path: string): string {
  return path.replace(/^(\.?\/)+|\/+$/g, "");
}

/** `a` and `a/b` would be one repository inside of the other. */
function refuseNestedNames(submodules: readonly Submodule[]): void {
  const names = new Set(submodules.map(({ name }) => name.toLowerCase()));
  if (names.size < submodules.length) throw refusedSubmodule(submodules[0]!.name, "two submodules have one name");
  for (const { name } of submodules) {
    for (let parent = dirname(name.toLowerCase()); parent !== "."; parent = dirname(parent)) {
      if (names.has(parent)) throw refusedSubmodule(name, `its repository would be inside of that of "${parent}"`);
    }
  }
}

async function addSubmodule(level: Level, submodule: Submodule): Promise<SubmodulesResult> {
  const { request, access, gitFolder, prefix } = level;
  const shown = prefix + submodule.path;
  request.onEvent?.({ phase: "submodules", state: "start", detail: shown });
  try {
    const url = await urlToAsk(submoduleUrl(submodule, { base: access.url, schemes: request.policy.schemes }), level);
    const tree = join(level.tree, submodule.path);
    await refuseLinkedParents(level.tree, submodule.path);
    const child = { ...childRequest(request), url: url.text, resolution: { commit: submodule.commit }, target: tree };
    const reference = await level.slot(() => level.materialize(child));
    await level.sum.add(tree);
    const home = join(gitFolder, "modules", submodule.name);
    await moveRepository(tree, home);
    await appendFile(
      join(gitFolder, "config"),
      configSection(`submodule ${quoted(submodule.name)}`, { active: "true", url: url.remote }),
    );
    const nested = await addLevel({
      ...level,
      prefix: `${shown}/`,
      access: { url },
      commit: submodule.commit,
      tree,
      gitFolder: home,
    });
    request.onEvent?.({ phase: "submodules", state: "end", detail: shown });
    const { commit } = submodule;
    return {
      submodules: [{ path: shown, url: url.text, commit }, ...nested.submodules],
      bytes: reference.bytes + nested.bytes,
    };
  } catch (error) {
    throw named(error, shown);
  }
}

/**
 * The url as it is to be asked: over https below a scope that has a token, over ssh below one that has a key, whichever way it is written. One that is
 * written over ssh and has no credential at all is asked over https, which may be public; ssh never is.
 */
async function urlToAsk(url: GitUrl, { request, access }: Level): Promise<GitUrl> {
  if (await hasCredential(url, request)) return url;
  const own = access.credential ?? (await request.findCredential(access.url));
  const translated = [
    own === undefined ? undefined : asUser(urlInScopeOf(url, own.scope), access.url),
    overTheOther(url),
  ];
  for (const other of translated) {
    if (other !== undefined && other.scheme !== url.scheme && (await hasCredential(other, request))) return other;
  }
  return url.scheme === "ssh" ? (overTheOther(url) ?? url) : url;
}

/** The repository's own user name where both are on one ssh server: not every server calls it `git`. */
function asUser(url: GitUrl | undefined, { scheme, user }: GitUrl): GitUrl | undefined {
  if (url?.scheme !== "ssh" || scheme !== "ssh" || user === undefined) return url;
  return parseGitUrl(url.href.replace(/^ssh:\/\/([^/@]*@)?/, `ssh://${user}@`));
}

async function hasCredential(url: GitUrl, request: MaterializeRequest): Promise<boolean> {
  const credential = await request.findCredential(url);
  return (url.scheme === "ssh" ? credential?.ssh : credential?.http) !== undefined;
}

function overTheOther(url: GitUrl): GitUrl | undefined {
  if (url.port !== undefined || url.scheme === "file" || url.scheme === "http") return undefined;
  const path = url.path.replace(/^\/~(?=\/)/, "");
  return parseGitUrl(url.scheme === "ssh" ? `https://${url.host}${path}` : `ssh://git@${url.host}${path}`);
}

function childRequest(request: MaterializeRequest): Omit<MaterializeRequest, "url" | "resolution" | "target"> {
  const { revision: _, shownPath: __, ...rest } = request;
  const onEvent = (event: GitEvent): void => {
    if (event.phase === "warning" || event.phase === "retry") request.onEvent?.(event);
  };
  return {
    ...rest,
    onEvent,
    options: { ...request.options, submodules: false, sparse: [], tags: false, mount: false },
  };
}

/** A folder of the path that is a symbolic link would lead out of the tree. */
async function refuseLinkedParents(tree: string, path: string): Promise<void> {
  const parts = path.split("/");
  for (let length = 1; length <= parts.length; length += 1) {
    const found = await lstat(join(tree, ...parts.slice(0, length))).catch(() => undefined);
    if (found !== undefined && !found.isDirectory())
      throw refusedSubmodule(path, "its path leads through something that is no folder");
  }
}

/** gitsubmodules(7): the repository is in the superproject's, and a file with its relative place in the submodule's folder. */
async function moveRepository(tree: string, home: string): Promise<void> {
  try {
    await makeFolder(dirname(home));
    await rename(join(tree, ".git"), home);
    await writeFile(join(tree, ".git"), `gitdir: ${relative(tree, home)}\n`);
    await appendFile(join(home, "config"), configSection("core", { worktree: relative(home, tree) }));
  } catch (cause) {
    throw writeError(home, cause);
  }
}

function named(error: unknown, path: string): unknown {
  const isNamed = error instanceof BowlineError && /^(the )?submodule /.test(error.message);
  return isNamed ? error : begunWith(`submodule "${path}": `, error);
}
