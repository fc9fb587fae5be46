import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { RunRecord } from "../../../src/runs/index.ts";
import { newDesk, type Desk } from "../../cli/bowline.ts";
import { until } from "../../runs/living.ts";
import { BUSYBOX, dockerHost, noDocker } from "../../support/index.ts";
import { docker, dockerLeftOf } from "./engine.ts";

const ENV = { DOCKER_HOST: dockerHost };

async function deskOf(script: string, top = ""): Promise<Desk> {
  const desk = await newDesk();
  Object.assign(desk.env, ENV);
  await desk.write("bowline.yaml", "executor: docker\n");
  desk.env["BOWLINE_CONFIG"] = "bowline.yaml";
  const command = JSON.stringify(["sh", "-c", script]);
  await desk.write(
    "job.yaml",
    `version: 1.1\nkind: component\n${top}run: {kind: job, container: {image: "${BUSYBOX}", command: ${command}}}\n`,
  );
  return desk;
}

/** Starts a run and ends its client by KILL once the job has said `ready`. */
async function killClient(desk: Desk): Promise<string> {
  const child = desk.start(["run", "-f", "job.yaml"]);
  let seen = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (seen += String(chunk)));
  await until(() => /^ready$/m.test(seen));
  child.kill("SIGKILL");
  await once(child, "close");
  const { stdout } = await desk.bowline(["ps", "-o", "json"]);
  const [record] = JSON.parse(stdout) as RunRecord[];
  expect(record?.status).toBe("running");
  return record?.uuid ?? "";
}

async function recordOf(desk: Desk, uuid: string): Promise<RunRecord> {
  return JSON.parse((await desk.bowline(["get", uuid, "-o", "json"])).stdout) as RunRecord;
}

async function textsOf(desk: Desk, uuid: string, ...words: string[]): Promise<string[]> {
  const { stdout } = await desk.bowline(["logs", uuid, "-o", "json", ...words]);
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (JSON.parse(line) as { text: string }).text);
}

/** The process that a command started to go on with a run. */
function supervisorOf(uuid: string): Promise<number> {
  return until(() => {
    const pid = readdirSync("/proc").find((name) => {
      try {
        return /^\d+$/.test(name) && /\0supervise\0/.test(wordsOf(name)) && wordsOf(name).includes(uuid);
      } catch {
        return false;
      }
    });
    return pid === undefined ? undefined : Number(pid);
  });
}

function wordsOf(pid: string): string {
  return readFileSync(`/proc/${pid}/cmdline`, "utf8");
}

const why = noDocker === undefined ? "" : ` (skipped: ${noDocker})`;
describe.skipIf(noDocker !== undefined)(`a killed client in Docker${why}`, () => {
  test("its run goes on; the next command follows it without repeating or losing a line, and tells its end", async () => {
    const script =
      "echo ready; i=0; while [ $i -lt 400 ]; do i=$((i+1)); echo line $i; [ $((i%20)) = 0 ] && sleep 0.2; done; exit 7";
    const desk = await deskOf(script);
    const uuid = await killClient(desk);
    const followed = await textsOf(desk, uuid, "-f");
    const expected = ["ready", ...Array.from({ length: 400 }, (_, index) => `line ${index + 1}`)];
    expect(followed).toEqual(expected);
    expect(await textsOf(desk, uuid)).toEqual(expected);
    const record = await recordOf(desk, uuid);
    expect(record).toMatchObject({ status: "failed", reason: "ExitCode", exitCode: 7 });
    expect(record.statuses.filter(({ status }) => status === "running")).toHaveLength(1);
    expect(await dockerLeftOf(uuid)).toEqual([]);
  });

  test("one that ended while nobody watched is told truthfully, with all of its log", async () => {
    const desk = await deskOf("echo ready; sleep 8; echo last");
    const uuid = await killClient(desk);
    // `ps` has started a new supervisor; this one is killed, too.
    process.kill(await supervisorOf(uuid), "SIGKILL");
    await until(async () => (await docker(["ps", "-q", "--filter", `label=bowline.run=${uuid}`], ENV)) === "");
    await until(async () => (await recordOf(desk, uuid)).status === "succeeded");
    expect(await textsOf(desk, uuid)).toEqual(["ready", "last"]);
    expect(await dockerLeftOf(uuid)).toEqual([]);
  });

  test("one that was in the middle of its init steps begins them again, and goes on", async () => {
    const desk = await deskOf("cat {{ globals.artifacts_path }}/tries");
    const init = `{name: slow, image: "${BUSYBOX}", command: [sh, -c, "echo x >> {{ globals.artifacts_path }}/tries; echo ready; sleep 6"]}`;
    const text = await readFile(join(desk.folder, "job.yaml"), "utf8");
    await desk.write("job.yaml", text.replace("kind: job,", `kind: job, init: [{container: ${init}}],`));
    const child = desk.start(["run", "-f", "job.yaml"]);
    let seen = "";
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (seen += String(chunk)));
    await until(() => /\] ready$/m.test(seen));
    child.kill("SIGKILL");
    await once(child, "close");
    const [record] = JSON.parse((await desk.bowline(["ps", "-o", "json"])).stdout) as RunRecord[];
    await until(async () => (await recordOf(desk, record?.uuid ?? "")).status === "succeeded");
    // Nothing of the first try is left in the folders.
    expect(await textsOf(desk, record?.uuid ?? "")).toEqual(["x"]);
    expect(await dockerLeftOf(record?.uuid ?? "")).toEqual([]);
  });

  test("stop ends it, and nothing is left", async () => {
    const desk = await deskOf("echo ready; while :; do sleep 0.1; done");
    const uuid = await killClient(desk);
    expect((await desk.bowline(["stop", uuid, "-y"])).exitCode).toBe(0);
    expect(await recordOf(desk, uuid)).toMatchObject({ status: "stopped" });
    expect(await dockerLeftOf(uuid)).toEqual([]);
  });

  test("its timeout goes on, too", async () => {
    const desk = await deskOf("echo ready; while :; do sleep 0.1; done", "termination: {timeout: 5}\n");
    const uuid = await killClient(desk);
    await until(async () => (await recordOf(desk, uuid)).status === "failed");
    expect(await recordOf(desk, uuid)).toMatchObject({ reason: "Timeout" });
    expect(await dockerLeftOf(uuid)).toEqual([]);
  });

  test("containers that somebody removed meanwhile are no run that went well", async () => {
    const desk = await deskOf("echo ready; while :; do sleep 0.1; done");
    const uuid = await killClient(desk);
    process.kill(await supervisorOf(uuid), "SIGKILL");
    const ids = await docker(["ps", "-aq", "--filter", `label=bowline.run=${uuid}`], ENV);
    await docker(["rm", "-f", ...ids.split("\n")], ENV);
    await until(async () => (await recordOf(desk, uuid)).status === "failed");
    expect(await recordOf(desk, uuid)).toMatchObject({ errors: [{ code: "RUN_LOST" }] });
    expect(await dockerLeftOf(uuid)).toEqual([]);
  });
});
