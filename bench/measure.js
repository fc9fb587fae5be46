// Runs the contenders of a row in turn (A B C A B C …), so that a busy machine is busy for all of them.
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";

const RARELY = 2;

/**
 * Measures one row. For each contender: its runs, with milliseconds and what the server saw.
 * A contender that fails is left out from then on, with its error.
 */
export async function measure(row, { world, options, runs, warmUp, say }) {
  const place = join(row.onDisk ? world.disk : world.ram, row.id);
  await mkdir(place, { recursive: true });
  try {
    const contenders = (await row.contenders(world, options, place)).map((contender) => ({ ...contender, runs: [] }));
    for (let round = -warmUp; round < runs; round += 1) {
      for (const contender of contenders) {
        if (contender.error !== undefined || (contender.rarely && (round < 0 || round >= RARELY))) continue;
        say(`${row.work}: ${contender.name} ${round < 0 ? "(warm-up)" : `${round + 1}/${runs}`}`);
        const files = contender.runs.length === 0 ? world.repositories[row.tree]?.files : undefined;
        await runOnce(contender, { world, place, round, files });
      }
    }
    return { ...row, contenders };
  } finally {
    await rm(place, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function runOnce(contender, { world, place, round, files }) {
  const base = join(place, "round");
  await mkdir(base);
  const folders = { dir: join(base, "code"), base };
  try {
    Object.assign(folders, await contender.before?.(folders));
    await world.resetCounts();
    const started = performance.now();
    const answer = await contender.run(folders);
    const took = performance.now() - started;
    const { requests, fetches, received, sent } = await world.counts();
    const { ms = took, rss } = typeof answer === "object" ? answer : {};
    if (files !== undefined && contender.makesTree !== false) await checkFiles(folders.dir, files);
    if (round >= 0) contender.runs.push({ ms, requests, fetches, bytes: received + sent, ...(rss && { rss }) });
  } catch (error) {
    contender.error = error.message;
  } finally {
    await contender.after?.(folders).catch(() => {});
    await rm(base, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** A contender that is fast because it does half the work is none. */
async function checkFiles(folder, count) {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const found = entries.filter((entry) => !entry.isDirectory() && !`${entry.parentPath}/`.includes("/.git/")).length;
  if (found !== count) throw new Error(`it left ${found} files instead of ${count}`);
}

/** The middle of a list of numbers; undefined for none. */
export function median(numbers) {
  const sorted = numbers.filter((one) => one !== undefined).toSorted((a, b) => a - b);
  if (sorted.length === 0) return undefined;
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
