// Who takes part: a name, and how it puts a commit into a folder. `run` gives its own time in `ms`, or is timed from outside.
import { fileOf } from "./world.js";

/** The best that git alone does: one commit, one pack, two workers. */
export function rawGit(world, { url, rev }) {
  const script = [
    'git init --quiet --template= "$1"',
    'cd "$1"',
    'git -c fetch.unpackLimit=1 fetch --quiet --depth=1 --no-tags --no-auto-maintenance "$2" "$3"',
    "git -c checkout.workers=2 checkout --quiet --detach FETCH_HEAD",
  ].join(" && ");
  return { name: "raw git", run: ({ dir }) => world.start("sh", ["-c", script, "sh", dir, url, rev]) };
}

/** `git clone`, with its depth if that is given; a clone of everything takes long and is run less often. */
export function clone(world, { url, depth }) {
  const flags = depth === undefined ? [] : ["--depth", String(depth)];
  return {
    name: ["git clone", ...flags].join(" "),
    ...(depth === undefined && { rarely: true }),
    run: ({ dir }) => world.start("git", ["clone", "--quiet", ...flags, "--branch", "main", url, dir]),
  };
}

export function copy(world, { from }) {
  return { name: "cp -a", run: ({ dir }) => world.start("cp", ["-a", from, dir]) };
}

/** What the start of a runtime costs: the unit of some goals. */
export function nodeStart(world) {
  return { name: "node -e 0", makesTree: false, run: () => world.start(process.execPath, ["-e", "0"]) };
}

/** Ours, called in a process that runs already. `what`: url, and revision or commit with its ref. */
export function library(world, what) {
  return { name: "library", run: ({ dir, cache = what.cache }) => world.library([{ ...what, target: dir, cache }]) };
}

/** Ours, as the command an init container runs. */
export function wholeProcess(world, what) {
  return { name: "process", run: ({ dir, cache = what.cache }) => initializer(world, { ...what, dir, cache }) };
}

/** One start of `bowline initializer git`. */
export function initializer(world, { url, revision, commit, ref, dir, cache, mount, env }) {
  const words = [
    ...(revision === undefined ? [] : ["--revision", revision]),
    ...(commit === undefined ? [] : ["--commit", commit, "--ref", ref]),
    ...(cache === undefined ? [] : ["--cache", cache]),
    ...(mount ? ["--mount"] : []),
  ];
  const args = [fileOf("bin/bowline.js"), "initializer", "git", "--url", url, ...words, "--path", dir, "-o", "json"];
  return world.start(process.execPath, args, env);
}

/** Any other program: `{url}`, `{rev}`, `{dir}`, and `{cache}`, a folder that is kept where the row keeps one. */
export function peers(world, list, { url, rev, cache: kept }) {
  return list.map(({ name, command }) => ({
    name,
    run: ({ dir, cache = kept }) => {
      const values = { url, rev, dir, cache: cache ?? `${dir}.cache` };
      const line = command.replace(/\{(url|rev|dir|cache)\}/g, (_, key) => values[key]);
      return world.start("sh", ["-c", line]);
    },
  }));
}
