import { execa } from "execa";
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { devNull } from "node:os";
import { join } from "node:path";

/** A file of a commit: a text or bytes, or one of the other things git knows; null takes it away. */
export type FileSpec =
  | string
  | Buffer
  | { executable: string }
  | { symlink: string }
  | { submodule: string }
  /** The content that an LFS server has; the commit holds the pointer. */
  | { lfs: string | Buffer }
  | null;

export interface CommitSpec {
  /** Added to what the parent has. */
  files?: Record<string, FileSpec>;
  /** Branch that moves on; `main` when absent. */
  branch?: string;
  /** Branch or name of a commit to begin the branch from; the branch itself when absent; null: a new root. */
  from?: string | null;
  /** Branch or name of a commit that is merged. */
  merge?: string;
  message?: string;
  /** To be found in `commits` of the result. */
  name?: string;
  author?: string;
  /** Seconds since 1970; one hour after the one before when absent. */
  date?: number;
}

export interface RepositorySpec {
  commits?: CommitSpec[];
  /** Lightweight tags: branch or name of a commit. */
  tags?: Record<string, string>;
  annotatedTags?: Record<string, string>;
  /** Other refs, with their full names: branch or name of a commit. */
  refs?: Record<string, string>;
  defaultBranch?: string;
  objectFormat?: "sha1" | "sha256";
  /** More configuration of the bare repository. */
  config?: Record<string, string>;
}

export interface Repository {
  /** The bare repository. */
  path: string;
  /** The newest commit of each branch, and commits by their names. */
  commits: Record<string, string>;
  /** Every ref as the server shows it; a tag's own object for an annotated one. */
  refs: Record<string, string>;
  /** LFS contents by their oid. */
  lfs: Map<string, Buffer>;
}

const START = 1_767_225_600; // 2026-01-01T00:00:00Z

/** What a repository has when nothing is said: two commits on main, one on branchA, a tag of each kind. */
export const DEFAULT_REPOSITORY: RepositorySpec = {
  commits: [
    { name: "first", files: { "README.md": "# test\n", "model.py": 'print("hello from main")\n' } },
    { name: "second", files: { "data/numbers.txt": "1\n2\n3\n" }, message: "Add numbers" },
    {
      branch: "branchA",
      from: "main",
      files: { "model.py": 'print("hello from branchA")\n' },
      message: "Train longer",
    },
  ],
  tags: { "v0.1": "first" },
  annotatedTags: { "v1.0": "main" },
};

/**
 * Makes a bare repository at `path`; the same spec gives the same commits everywhere and always.
 * Protocol v2 is spoken, filters and any commit are served, as the well-known hosts do.
 */
export async function makeRepository(path: string, spec: RepositorySpec = DEFAULT_REPOSITORY): Promise<Repository> {
  await mkdir(path, { recursive: true });
  const branch = spec.defaultBranch ?? "main";
  const format = spec.objectFormat === "sha256" ? ["--object-format=sha256"] : [];
  await git(path, ["init", "--quiet", "--bare", "--template=", `--initial-branch=${branch}`, ...format, "."]);
  const marks = join(path, "marks");
  const { stream, names, lfs } = fastImport(spec);
  await git(path, ["fast-import", "--quiet", "--force", `--export-marks=${marks}`], stream);
  const byMark = new Map(
    (await readFile(marks, "utf8")).split("\n").map((line) => line.split(" ") as [string, string]),
  );
  const commits = Object.fromEntries([...names].map(([name, mark]) => [name, byMark.get(mark) as string]));
  await writeFile(marks, "");
  const config = { "uploadpack.allowFilter": "true", "uploadpack.allowAnySHA1InWant": "true", ...spec.config };
  for (const [key, value] of Object.entries(config)) await git(path, ["config", key, value]);
  // What dumb http needs.
  await git(path, ["update-server-info"]);
  return { path, commits, refs: await refsOf(path), lfs };
}

/** The pointer that stands in a commit for a content kept by an LFS server. */
export function lfsPointer(content: string | Buffer): string {
  const bytes = Buffer.from(content);
  return `version https://git-lfs.github.com/spec/v1\noid sha256:${lfsOid(bytes)}\nsize ${bytes.length}\n`;
}

export function lfsOid(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

/** git without anything of the user's or the machine's configuration. */
export async function git(cwd: string, args: string[], input?: Buffer): Promise<string> {
  const env = {
    PATH: process.env["PATH"],
    HOME: "/nonexistent",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: devNull,
    GIT_TERMINAL_PROMPT: "0",
    LC_ALL: "C",
  };
  const { stdout } = await execa("git", args, {
    cwd,
    env,
    extendEnv: false,
    ...(input === undefined ? {} : { input }),
  });
  return stdout;
}

function fastImport(spec: RepositorySpec): { stream: Buffer; names: Map<string, string>; lfs: Map<string, Buffer> } {
  const parts: (string | Buffer)[] = [];
  const names = new Map<string, string>();
  const lfs = new Map<string, Buffer>();
  const data = (content: string | Buffer): void => {
    const bytes = Buffer.from(content);
    parts.push(`data ${bytes.length}\n`, bytes, "\n");
  };
  (spec.commits ?? []).forEach((commit, index) => {
    const {
      branch = "main",
      from = names.has(branch) ? branch : null,
      merge,
      files = {},
      message = `Commit ${index + 1}`,
    } = commit;
    const who = `${commit.author ?? "Ada Lovelace <ada@example.com>"} ${commit.date ?? START + index * 3600} +0000`;
    parts.push(`commit refs/heads/${branch}\nmark :${index + 1}\nauthor ${who}\ncommitter ${who}\n`);
    data(message);
    if (from !== null) parts.push(`from ${markOf(names, from)}\n`);
    if (merge !== undefined) parts.push(`merge ${markOf(names, merge)}\n`);
    for (const [path, file] of Object.entries(files)) writeFileCommand({ path, file, parts, data, lfs });
    names.set(branch, `:${index + 1}`);
    if (commit.name !== undefined) names.set(commit.name, `:${index + 1}`);
  });
  const refs = Object.entries(spec.tags ?? {}).map(([tag, of]) => [`refs/tags/${tag}`, of] as const);
  for (const [ref, of] of [...refs, ...Object.entries(spec.refs ?? {})])
    parts.push(`reset ${ref}\nfrom ${markOf(names, of)}\n\n`);
  for (const [tag, of] of Object.entries(spec.annotatedTags ?? {})) {
    parts.push(`tag ${tag}\nfrom ${markOf(names, of)}\ntagger Ada Lovelace <ada@example.com> ${START} +0000\n`);
    data(`Release ${tag}`);
  }
  return { stream: Buffer.concat(parts.map((part) => Buffer.from(part))), names, lfs };
}

function markOf(names: Map<string, string>, name: string): string {
  const mark = names.get(name);
  if (mark === undefined) throw new Error(`no branch or commit "${name}" in the spec so far`);
  return mark;
}

interface FileCommand {
  path: string;
  file: FileSpec;
  parts: (string | Buffer)[];
  data: (content: string | Buffer) => void;
  lfs: Map<string, Buffer>;
}

function writeFileCommand({ path, file, parts, data, lfs }: FileCommand): void {
  const quoted = `"${path.replace(/["\\\n]/g, (char) => (char === "\n" ? "\\n" : `\\${char}`))}"`;
  if (file === null) return void parts.push(`D ${quoted}\n`);
  if (typeof file === "object" && "submodule" in file) return void parts.push(`M 160000 ${file.submodule} ${quoted}\n`);
  const [mode, content] = contentOf(file);
  if (typeof file === "object" && "lfs" in file) lfs.set(lfsOid(file.lfs), Buffer.from(file.lfs));
  parts.push(`M ${mode} inline ${quoted}\n`);
  data(content);
}

function contentOf(file: Exclude<FileSpec, null | { submodule: string }>): [mode: string, content: string | Buffer] {
  if (typeof file === "string" || Buffer.isBuffer(file)) return ["100644", file];
  if ("executable" in file) return ["100755", file.executable];
  if ("symlink" in file) return ["120000", file.symlink];
  return ["100644", lfsPointer(file.lfs)];
}

async function refsOf(path: string): Promise<Record<string, string>> {
  const lines = (await git(path, ["for-each-ref", "--format=%(refname) %(objectname)"]))
    .split("\n")
    .filter((line) => line !== "");
  return Object.fromEntries(lines.map((line) => line.split(" ") as [string, string]));
}
