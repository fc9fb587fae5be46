import { readDuration, readSize } from "../../config/index.ts";
import { pruneCache } from "../../git/index.ts";
import type { CliContext } from "../context.ts";
import { cacheFolder } from "../output/cache-views.ts";
import { isData, printValue, type Format } from "../output/data.ts";
import { size } from "../output/time.ts";
import { openConfig } from "../open-config.ts";
import { usage } from "../parse-options.ts";

interface Options {
  all?: boolean;
  olderThan?: string;
  maxSize?: string;
  output?: Format;
  config?: string;
}

const DAY = 86_400_000;

/** `bowline cache prune`. */
export async function run({ options }: { options: Options }, context: CliContext): Promise<void> {
  const { all, olderThan, maxSize, output } = options;
  const limits = {
    ...(olderThan !== undefined && { olderThan: readTime(olderThan) }),
    ...(maxSize !== undefined && { maxBytes: readBytes(maxSize) }),
  };
  const config = await openConfig(options, context);
  const usual = { olderThan: 30 * DAY, maxBytes: config.policy.cache.maxBytes };
  const chosen = all === true ? { all } : Object.keys(limits).length > 0 ? limits : usual;
  const pruned = await pruneCache(cacheFolder(config), chosen);
  if (isData(output)) return printValue(pruned, output, context);
  const { removed, inUse, freed, left } = pruned;
  if (output === "name") return context.out(removed.map(({ path }) => `${path}\n`).join(""));
  const stays = inUse.length === 0 ? "" : `; ${inUse.length} in use ${inUse.length === 1 ? "stays" : "stay"}`;
  context.err(`${removed.length} deleted, ${size(freed)} freed, ${size(left)} left${stays}\n`);
}

function readTime(text: string): number {
  const days = /^(\d{1,5})d$/.exec(text)?.[1];
  // A config's bare number is seconds; here one that leaves the unit out means days more often.
  const time = days !== undefined ? Number(days) * DAY : /^[\d.]+$/.test(text) ? undefined : readDuration(text);
  if (time !== undefined) return time;
  throw usage(`--older-than takes a time, not "${text}"`, "for example: --older-than 7d");
}

function readBytes(text: string): number {
  const bytes = readSize(text);
  if (bytes !== undefined) return bytes;
  throw usage(`--max-size takes a size, not "${text}"`, "for example: --max-size 5Gi");
}
