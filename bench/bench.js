// Measures Bowline against git and `cp` on repositories made here, and prints one table: medians, ratios, goals.
// usage: npm run bench -- [--only ID[,ID…]] [--runs N] [--quick] [--peer NAME='command with {url} {rev} {dir} {cache}']… [--repositories FOLDER] [-o json] [--write] [--list]
import { parseArgs } from "node:util";
import { judge } from "./judge.js";
import { measure } from "./measure.js";
import { machine, table, writePage } from "./report.js";
import { ROWS } from "./rows/index.js";
import { openWorld } from "./world.js";

const options = readOptions(process.argv.slice(2));
if (options.list) for (const { id, work } of ROWS) console.log(`${id.padEnd(16)} ${work}`);
else process.exitCode = await bench();

async function bench() {
  const names = [...new Set(options.rows.flatMap(({ repositories }) => repositories))];
  const world = await openWorld({ ...options, names, say });
  const end = (signal) => void world.close().finally(() => process.exit(signal === "SIGINT" ? 130 : 143));
  process.once("SIGINT", end).once("SIGTERM", end);
  const lines = [];
  try {
    for (const row of options.rows) {
      const runs = row.scarce ? Math.min(2, options.runs) : options.runs;
      lines.push(...judge(await measure(row, { world, options, runs, warmUp: options.warmUp, say })));
    }
  } finally {
    await world.close();
    say("");
  }
  const result = { machine: machine(world), runs: options.runs, lines };
  console.log(options.output === "json" ? JSON.stringify(result, undefined, 2) : table(result));
  if (options.write) await writePage(result);
  return lines.some(({ error }) => error !== undefined) ? 1 : 0;
}

/** One line on a terminal, which the next one takes the place of. */
function say(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: "string", multiple: true },
      runs: { type: "string" },
      quick: { type: "boolean" },
      tiny: { type: "boolean" },
      peer: { type: "string", multiple: true },
      repositories: { type: "string" },
      output: { type: "string", short: "o" },
      write: { type: "boolean" },
      list: { type: "boolean" },
    },
  });
  const { quick = false, tiny = false, output, write = false, list = false } = values;
  const runs = values.runs === undefined ? (quick ? 3 : 7) : Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1) fail(`--runs takes a number from 1 on, not "${values.runs}"`);
  if (output !== undefined && output !== "json") fail(`-o takes json, not "${output}"`);
  const rows = chosen(
    values.only?.flatMap((one) => one.split(",")),
    quick,
  );
  const peers = (values.peer ?? []).map(readPeer);
  return { rows, runs, tiny, output, write, list, peers, warmUp: tiny ? 0 : 1, keep: values.repositories };
}

/** A quick bench has no H and no B: they take minutes. An id stands for itself and for what begins with it. */
function chosen(only, quick) {
  if (only === undefined) {
    return ROWS.filter(({ repositories, scarce }) => !quick || !(scarce || repositories.includes("H")));
  }
  for (const word of only)
    if (!ROWS.some(({ id }) => id.startsWith(word))) fail(`there is no row "${word}"; see --list`);
  return ROWS.filter(({ id }) => only.some((word) => id.startsWith(word)));
}

function readPeer(text) {
  const at = text.indexOf("=");
  if (at < 1) fail(`--peer takes NAME='command with {url} {rev} {dir}', not "${text}"`);
  return { name: text.slice(0, at), command: text.slice(at + 1) };
}

function fail(message) {
  console.error(`error: ${message}`);
  process.exit(2);
}
