import { execa } from "execa";
import { describe, expect, test } from "vitest";
import type { RunRecord } from "../../../src/runs/index.ts";
import { newDesk } from "../../cli/bowline.ts";
import { until } from "../../runs/living.ts";
import { BUSYBOX, dockerHost, noDocker } from "../../support/index.ts";
import { docker, dockerLeftOf } from "./engine.ts";
import { ownEngine } from "./own-engine.ts";

const noOwn = noDocker ?? (process.getuid?.() === 0 ? undefined : "only root can start an engine of its own");
const why = noOwn === undefined ? "" : ` (skipped: ${noOwn})`;

describe.skipIf(noOwn !== undefined)(`an engine that is restarted in the middle of a run${why}`, () => {
  test.each([
    ["with live-restore nothing happens to the job", true, [], 1],
    ["without it the job is started again, which is no attempt", false, ["ENGINE_RESTARTED"], 2],
  ])(
    "%s",
    async (_, liveRestore, codes, starts) => {
      const engine = await ownEngine({ liveRestore });
      try {
        const ENV = { DOCKER_HOST: engine.host };
        const image = execa("docker", ["save", BUSYBOX], {
          env: { DOCKER_HOST: dockerHost },
          encoding: "buffer",
          maxBuffer: 2 ** 28,
        });
        await execa("docker", ["load"], { env: ENV, input: (await image).stdout });
        const desk = await newDesk();
        Object.assign(desk.env, ENV);
        const script = `echo start >> {{ globals.artifacts_path }}/starts; echo re''ady
        i=0; while [ $i -lt 60 ]; do i=$((i+1)); echo line $i; sleep 0.2; done; echo di''d; sleep 3; wc -l < {{ globals.artifacts_path }}/starts`;
        await desk.write(
          "job.yaml",
          `version: 1.1
kind: component
run:
  kind: job
  environment: {hostNetwork: true}
  container: {image: "${BUSYBOX}", command: [sh, -c, ${JSON.stringify(script)}]}
`,
        );
        const child = desk.start(["run", "-f", "job.yaml", "--executor", "docker", "-o", "json"]);
        let [stdout, stderr] = ["", ""];
        child.stdout?.on("data", (chunk) => (stdout += String(chunk)));
        child.stderr?.on("data", (chunk) => (stderr += String(chunk)));
        const closed = new Promise((resolve) => child.once("close", resolve));
        await until(() => stderr.includes("line 3"));
        await engine.stop();
        await engine.start();
        // What is in the engine's memory when it ends is nobody's to keep: its own log is the measure.
        let kept = "";
        await until(async () => {
          const [id = ""] = (await docker(["ps", "-q"], ENV)).split("\n");
          kept = id === "" ? "" : await docker(["logs", id], ENV);
          return kept.includes("did");
        });
        await closed;
        const record = JSON.parse(stdout) as RunRecord;
        expect({ status: record.status, exitCode: record.exitCode, message: record.message }).toMatchObject({
          ...{ status: "succeeded", exitCode: 0 },
        });
        expect((record.warnings ?? []).map(({ code }) => code)).toEqual(["ENGINE_WAS_AWAY", ...codes]);
        const logged = (await desk.bowline(["logs", record.uuid])).stdout.split("\n");
        expect(logged.filter((line) => line === "ready")).toHaveLength(starts);
        expect(logged.at(-2)?.trim()).toBe(String(starts));
        // Each line once, in order, since the last begin.
        const sinceBegin = (lines: string[]): string[] => lines.slice(lines.lastIndexOf("ready") + 1);
        const last = sinceBegin(logged.slice(0, -2));
        expect(last).toEqual(sinceBegin(kept.trimEnd().split("\n")));
        expect([last[0], last.at(-2), last.at(-1)]).toEqual(["line 1", "line 60", "did"]);
        expect(await dockerLeftOf(record.uuid, ENV)).toEqual([]);
      } finally {
        await engine.close();
      }
    },
    180_000,
  );
});
