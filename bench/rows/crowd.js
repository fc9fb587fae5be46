// Many jobs that want the same at once.
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { initializer } from "../contenders.js";
import { BRANCH } from "../settings.js";
import { fileOf } from "../world.js";
import { prime } from "./prime.js";

const MEBIBYTE = 2 ** 20;

export const crowdRows = [eightCold(), hundredWarm()];

/** One cache, empty: one of them fetches, the others wait for it. */
function eightCold() {
  const contenders = (world) => {
    const repository = world.repositories.L;
    const what = { url: world.url(repository), commit: repository.commit, ref: BRANCH };
    const crowd = (count, base) =>
      places(count, base).map((dir) => ({ ...what, dir, target: dir, cache: join(base, "cache") }));
    return [
      { name: "one alone", run: ({ base }) => world.library(crowd(1, base)) },
      { name: "library", run: ({ base }) => world.library(crowd(8, base)) },
      { name: "processes", run: ({ base }) => together(crowd(8, base), (job) => initializer(world, job)) },
    ];
  };
  const about = { id: "eight-cold", work: "8 at once, cold, one commit of L", repositories: ["L"] };
  return { ...about, reference: "one alone", goals: { library: { factor: 1.3, fetches: 1 } }, contenders };
}

/** The copies are what it takes; each process is small. */
function hundredWarm() {
  const contenders = async (world, { tiny }, place) => {
    const { what, tree } = await prime(world, "L", place);
    const count = tiny ? 3 : 100;
    const env = {
      BENCH_MEMORY: join(place, "memory"),
      NODE_OPTIONS: `--require="${fileOf("bench/report-memory.cjs")}"`,
    };
    await mkdir(env.BENCH_MEMORY);
    const copies = ({ base }) => together(places(count, base), (dir) => world.start("cp", ["-a", tree, dir]));
    const processes = async ({ base }) => {
      const started = performance.now();
      await together(places(count, base), (dir) => initializer(world, { ...what, dir, env }));
      return { ms: performance.now() - started, rss: await mostOf(env.BENCH_MEMORY) };
    };
    return [
      { name: "cp -a", run: copies },
      { name: "library", run: ({ base }) => world.library(places(count, base).map((target) => ({ ...what, target }))) },
      { name: "processes", run: processes },
    ];
  };
  const about = { id: "hundred-warm", work: "100 at once, warm, L", repositories: ["L"], scarce: true };
  return { ...about, reference: "cp -a", goals: { processes: { factor: 1.2, rss: 60 * MEBIBYTE } }, contenders };
}

function places(count, base) {
  return Array.from({ length: count }, (_, at) => join(base, `code-${at}`));
}

function together(jobs, start) {
  return Promise.all(jobs.map(start));
}

/** The largest number that the files of a folder hold. */
async function mostOf(folder) {
  const texts = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), "utf8")));
  return Math.max(...texts.map(Number));
}
