// Something is in the cache.
import { join } from "node:path";
import { copy, initializer, library, nodeStart, peers, wholeProcess } from "../contenders.js";
import { pointBranch } from "../repositories.js";
import { prime } from "./prime.js";

export const warmRows = [
  warm({ id: "warm-ram", place: "in RAM", factor: 0.75 }),
  warm({ id: "warm-disk", place: "on disk", factor: 1 }),
  overlay({ id: "overlay-L", name: "L" }),
  overlay({ id: "overlay-H", name: "H" }),
  next(),
];

/** The commit is there, and is known. */
function warm({ id, place: where, factor }) {
  const goals = { library: { factor }, process: { factor, starts: 1.5 } };
  const contenders = async (world, options, place) => {
    const { what, tree } = await prime(world, "L", place);
    return [
      copy(world, { from: tree }),
      nodeStart(world),
      library(world, what),
      wholeProcess(world, what),
      ...peers(world, options.peers, { url: what.url, rev: what.commit, cache: join(place, "peer-cache") }),
    ];
  };
  const work = `warm, L, commit, ${where}`;
  return {
    id,
    work,
    repositories: ["L"],
    tree: "L",
    onDisk: where === "on disk",
    reference: "cp -a",
    goals,
    contenders,
  };
}

/** The same, where a mount is asked for. */
function overlay({ id, name }) {
  const goals = { library: { ms: 20 }, process: { ms: 20, starts: 1.5 } };
  const contenders = async (world, _, place) => {
    const { what } = await prime(world, name, place);
    const mounted = { ...what, mount: true };
    const after = ({ dir }) => world.start("umount", [dir]);
    return [nodeStart(world), { ...library(world, mounted), after }, { ...wholeProcess(world, mounted), after }];
  };
  const work = `warm, ${name}, commit, overlay asked for`;
  return { id, work, repositories: [name], tree: name, reference: "node -e 0", goals, contenders };
}

/** A branch has moved by one commit since the cache, or the kept clone, was filled. */
function next() {
  const goals = { library: { factor: 0.8 }, process: { factor: 1 } };
  const contenders = async (world, _, place) => {
    const repository = world.repositories.L;
    const url = world.url(repository);
    const what = { url, revision: "moving" };
    const move = (commit) => pointBranch(repository, "moving", commit);
    const kept = join(place, "kept");
    await move(repository.previous);
    await world.start("git", ["clone", "--quiet", "--depth=1", "--branch", "moving", url, kept]);
    const fillCache = async ({ base }) => {
      const cache = join(base, "cache");
      await move(repository.previous);
      await initializer(world, { ...what, dir: join(base, "before"), cache });
      await move(repository.commit);
      return { cache };
    };
    const copyKept = async ({ base }) => {
      await world.start("cp", ["-a", kept, join(base, "kept")]);
      await move(repository.commit);
    };
    const pull = 'git -C "$1" pull --quiet --ff-only && cp -a "$1" "$2"';
    return [
      {
        name: "git pull, cp -a",
        before: copyKept,
        run: ({ base, dir }) => world.start("sh", ["-c", pull, "sh", join(base, "kept"), dir]),
      },
      { ...library(world, what), before: fillCache },
      { ...wholeProcess(world, what), before: fillCache },
    ];
  };
  const about = {
    id: "next-L",
    work: "next commit of a branch, L",
    repositories: ["L"],
    tree: "L",
    reference: "git pull, cp -a",
  };
  return { ...about, goals, wire: true, contenders };
}
