// The repositories that are fetched: made once by `git fast-import`, kept in a folder between runs.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { devNull } from "node:os";
import { join } from "node:path";
import { contentMaker } from "./content.js";

/** Raise it when what is made changes. */
const VERSION = 1;
const FOLDERS_OF = 25;
const START = 1_767_225_600; // 2026-01-01T00:00:00Z

/** `assetBytes`: one file of noise, replaced by each commit: most of a long history. */
const SPECS = {
  S: { files: 600, fileBytes: 3400, commits: 20 },
  L: { files: 5500, fileBytes: 5600, commits: 600, changed: 20, assetBytes: 165_000 },
  H: { files: 50_000, fileBytes: 900, commits: 3 },
  R: { files: 100, fileBytes: 2000, commits: 200, refs: 10_000 },
  B: { files: 5, fileBytes: 1000, commits: 1, blobs: 10, blobBytes: 50_000_000 },
};

/** What each is, for the reader of the table. */
export const ABOUT = {
  S: "600 files",
  L: "5,500 files, 120 MB of history",
  H: "50,000 files",
  R: "10,000 refs",
  B: "ten blobs of 50 MB",
};

/**
 * Makes those of the named repositories that are not kept in the folder yet.
 * Gives for each its bare repository, the commit of `main`, and the commit before it. `tiny`: a hundredth of everything.
 */
export async function prepareRepositories({ names, folder, tiny, say }) {
  const root = join(folder, `bowline-bench-v${VERSION}${tiny ? "-tiny" : ""}`);
  await mkdir(root, { recursive: true });
  const made = {};
  for (const name of names) {
    const path = join(root, `${name}.git`);
    if (!existsSync(path)) {
      say(`making ${name}: ${ABOUT[name]}`);
      const unfinished = `${path}.${process.pid}`;
      await make(unfinished, tiny ? shrink(SPECS[name]) : SPECS[name], name.charCodeAt(0));
      // Somebody else may have been faster.
      await rename(unfinished, path).catch(() => rm(unfinished, { recursive: true, force: true }));
    }
    made[name] = { name, path, ...JSON.parse(await readFile(join(path, "bench.json"), "utf8")) };
  }
  return { root, repositories: made };
}

/** Moves a branch of a bare repository, as a push would. */
export async function pointBranch({ path }, branch, commit) {
  await git(path, ["update-ref", `refs/heads/${branch}`, commit]);
}

/** git without anything of the user's or the machine's configuration; its output. */
export async function git(cwd, args, feed) {
  const { PATH } = process.env;
  const env = { PATH, HOME: cwd, GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: devNull, LC_ALL: "C" };
  const child = spawn("git", args, { cwd, env, stdio: [feed ? "pipe" : "ignore", "pipe", "pipe"] });
  const output = ["", ""];
  child.stdout.on("data", (chunk) => (output[0] += chunk));
  child.stderr.on("data", (chunk) => (output[1] += chunk));
  const ended = once(child, "close");
  if (feed) {
    child.stdin.on("error", () => {});
    for (const chunk of feed()) if (!child.stdin.write(chunk)) await Promise.race([once(child.stdin, "drain"), ended]);
    child.stdin.end();
  }
  const [code] = await ended;
  if (code !== 0) throw new Error(`git ${args[0]} failed: ${output[1].trim()}`);
  return output[0].trim();
}

function shrink(spec) {
  const scaled = Object.entries(spec).map(([key, value]) => [key, Math.max(2, Math.ceil(value / 100))]);
  return { ...Object.fromEntries(scaled), fileBytes: spec.fileBytes };
}

async function make(path, spec, seed) {
  await mkdir(path, { recursive: true });
  await git(path, ["init", "--quiet", "--bare", "--template=", "--initial-branch=main"]);
  // What the well-known hosts allow.
  for (const key of ["uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"])
    await git(path, ["config", key, "true"]);
  await git(path, ["config", "core.compression", spec.blobs ? "0" : "-1"]);
  await git(path, ["fast-import", "--quiet", "--big-file-threshold=100k"], () => stream(spec, seed));
  await git(path, [
    "-c",
    "core.bigFileThreshold=100k",
    "repack",
    "-adbq",
    ...(spec.blobs ? [] : ["-f"]),
    "--window=10",
  ]);
  await git(path, ["commit-graph", "write", "--reachable"]);
  await git(path, ["pack-refs", "--all"]);
  const [commit, previous = commit] = (await git(path, ["rev-list", "-2", "main"])).split("\n");
  const about = {
    commit,
    previous,
    files: (await git(path, ["ls-tree", "-r", "--name-only", "main"])).split("\n").length,
  };
  await writeFile(join(path, "bench.json"), JSON.stringify(about));
}

/** What `git fast-import` reads. */
function* stream(spec, seed) {
  const { random, text, noise } = contentMaker(seed);
  for (let number = 1; number <= spec.commits; number += 1) {
    const when = `Ada Lovelace <ada@example.com> ${START + number * 3600} +0000`;
    yield `commit refs/heads/main\nmark :${number}\nauthor ${when}\ncommitter ${when}\ndata 8\nA change\n`;
    if (number === 1) {
      for (let file = 0; file < spec.files; file += 1) yield* modify(pathOf(file), text(spec.fileBytes));
      for (let blob = 0; blob < (spec.blobs ?? 0); blob += 1) yield* modify(`blobs/${blob}.bin`, noise(spec.blobBytes));
    } else {
      const count = Math.min(spec.files, spec.changed ?? 5);
      for (let change = 0; change < count; change += 1) {
        yield* modify(pathOf(Math.floor(random() * spec.files)), text(spec.fileBytes));
      }
    }
    if (spec.assetBytes) yield* modify("assets/bundle.bin", noise(spec.assetBytes));
    yield "\n";
  }
  for (let ref = 0; ref < (spec.refs ?? 0); ref += 1) {
    yield `reset refs/heads/topic-${ref}\nfrom :${1 + (ref % spec.commits)}\n\n`;
  }
}

function* modify(path, content) {
  yield `M 100644 inline ${path}\ndata ${content.length}\n`;
  yield content;
  yield "\n";
}

function pathOf(file) {
  const folder = Math.floor(file / FOLDERS_OF);
  return `src/part-${Math.floor(folder / 20)}/folder-${folder}/file-${file}.ts`;
}
