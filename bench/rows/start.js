// What a command costs before it does anything.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { nodeStart } from "../contenders.js";
import { fileOf } from "../world.js";

const bowline = fileOf("bin/bowline.js");

export const startRows = [version(), firstByte()];

function version() {
  const contenders = (world) => [
    nodeStart(world),
    { name: "process", run: () => world.start(process.execPath, [bowline, "--version"]) },
  ];
  const goals = { process: { factor: 1.7 } };
  return { id: "version", work: "bowline --version", repositories: [], reference: "node -e 0", goals, contenders };
}

/** A job of one repository with a secret, from the start of the command until the server is asked something. */
function firstByte() {
  const contenders = async (world, _, place) => {
    const [config, job] = [join(place, "bowline.yaml"), join(place, "job.yaml")];
    const env = { BOWLINE_HOME: join(place, "home"), BOWLINE_CONFIG: config };
    const url = world.url(world.repositories.S);
    await writeFile(config, `connections: [{name: code, kind: git, schema: {url: "${url}"}, secret: {name: code}}]\n`);
    await writeFile(job, "run: {kind: job, init: [{connection: code}], container: {command: ['true']}}\n");
    const set = 'printf %s "$POLYAXON_GIT_CREDENTIALS" | "$0" "$1" secrets set code POLYAXON_GIT_CREDENTIALS';
    await world.start("sh", ["-c", set, process.execPath, bowline], env);
    const run = async () => {
      const started = process.hrtime.bigint();
      await world.start(process.execPath, [bowline, "run", "-f", job, "-o", "json"], env);
      const { firstAt } = await world.counts();
      return { ms: Number(BigInt(firstAt) - started) / 1e6 };
    };
    return [nodeStart(world), { name: "process", run }];
  };
  const about = { id: "first-byte", work: "bowline run, until the server is asked", repositories: ["S"] };
  return { ...about, reference: "node -e 0", goals: { process: { factor: 3 } }, contenders };
}
