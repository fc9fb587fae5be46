// A program of its own that runs what a test asks: `node command.mjs SETTINGS VERB …`, SETTINGS being JSON. Built by buildCommand.
import type { Home } from "../../src/config/index.ts";
import { openRuns } from "../../src/runs/index.ts";
import { newPlaces } from "../../src/runs/places.ts";
import { plainConfig, planOf } from "./plans.ts";

const [settings = "", verb = "", argument = ""] = process.argv.slice(2);
const home = JSON.parse(settings) as Home;
const runs = openRuns({
  config: plainConfig(home),
  env: process.env,
  superviseCommand: [process.execPath, process.argv[1] ?? "", settings, "supervise"],
});

function request(script: string) {
  const places = newPlaces(home, "process");
  return { places, plan: planOf({ command: ["sh", "-c", script] }, { artifactsPath: places.artifactsPath }) };
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

if (verb === "start") {
  await runs.start(request(argument), {
    onEvent: (event) => event.type === "created" && print(event.record),
  });
} else if (verb === "detach") {
  print(await runs.startDetached(request(argument)));
} else if (verb === "supervise") {
  await runs.supervise(argument);
} else if (verb === "many") {
  for (let count = 0; count < Number(argument); count++) await runs.start(request("exit 0"));
}
await runs.close();
