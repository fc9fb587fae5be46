import { once } from "node:events";
import { describe, expect, test } from "vitest";
import type { RunRecord } from "../../../src/runs/index.ts";
import { newDesk } from "../../cli/bowline.ts";
import { until } from "../../runs/living.ts";
import { BUSYBOX, dockerHost, noDocker } from "../../support/index.ts";
import { docker, dockerLeftOf } from "./engine.ts";

const ENV = { DOCKER_HOST: dockerHost };
const LASTING = `{name: lasting, image: "${BUSYBOX}", command: [sh, -c, "echo re''ady; sleep 100"]}`;
const SHORT = `{image: "${BUSYBOX}", command: ["true"]}`;

const why = noDocker === undefined ? "" : ` (skipped: ${noDocker})`;
describe.skipIf(noDocker !== undefined)(`a container that somebody removes${why}`, () => {
  test.each([
    ["main", `  container: ${LASTING}\n`],
    ["init/lasting", `  init: [{container: ${LASTING}}]\n  container: ${SHORT}\n`],
  ])("of %s is the end of the run, which says so", async (log, containers) => {
    const desk = await newDesk();
    Object.assign(desk.env, ENV);
    await desk.write("job.yaml", `version: 1.1\nkind: component\nrun:\n  kind: job\n${containers}`);
    const child = desk.start(["run", "-f", "job.yaml", "--executor", "docker", "-o", "json"]);
    let [stdout, stderr] = ["", ""];
    child.stdout?.on("data", (chunk) => (stdout += String(chunk)));
    child.stderr?.on("data", (chunk) => (stderr += String(chunk)));
    const closed = once(child, "close");
    await until(() => stderr.includes("ready"));
    const [run] = JSON.parse((await desk.bowline(["ps", "-o", "json"])).stdout) as RunRecord[];
    const uuid = run?.uuid ?? "";
    // So that it sees nothing of the end before the container is gone.
    child.kill("SIGSTOP");
    await docker(["rm", "-f", await docker(["ps", "-q", "--filter", `label=bowline.run=${uuid}`], ENV)], ENV);
    child.kill("SIGCONT");
    const [exitCode] = (await closed) as [number];
    const record = JSON.parse(stdout) as RunRecord;
    expect(record).toMatchObject({ status: "failed", errors: [{ code: "RUN_LOST" }] });
    expect(record.errors?.[0]?.message).toContain(`"${log}"`);
    expect(exitCode).toBe(1);
    expect(await dockerLeftOf(uuid, ENV)).toEqual([]);
  });
});
