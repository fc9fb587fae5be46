import { execa } from "execa";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { RunRecord } from "../../../src/runs/index.ts";
import { newDesk } from "../../cli/bowline.ts";
import { BUSYBOX, dockerHost, noDocker } from "../../support/index.ts";
import { dockerLeftOf } from "./engine.ts";
import { ownEngine } from "./own-engine.ts";

const noOwn = noDocker ?? (process.getuid?.() === 0 ? undefined : "only root can start an engine of its own");
const why = noOwn === undefined ? "" : ` (skipped: ${noOwn})`;

describe.skipIf(noOwn !== undefined)(`an engine whose disk is full${why}`, () => {
  test("is the run's error, with what to do", async () => {
    const engine = await ownEngine({ liveRestore: false, mebibytes: 40 });
    try {
      const ENV = { DOCKER_HOST: engine.host };
      const saved = await execa("docker", ["save", BUSYBOX], { env: { DOCKER_HOST: dockerHost }, encoding: "buffer" });
      await execa("docker", ["load"], { env: ENV, input: saved.stdout });
      await expect(writeFile(join(engine.data, "filling"), Buffer.alloc(2 ** 26))).rejects.toThrow("ENOSPC");
      const desk = await newDesk();
      Object.assign(desk.env, ENV);
      const container = `{image: "${BUSYBOX}", command: ["true"]}`;
      await desk.write(
        "job.yaml",
        `version: 1.1\nkind: component\nrun: {kind: job, environment: {hostNetwork: true}, container: ${container}}\n`,
      );
      const answer = await desk.bowline(["run", "-f", "job.yaml", "--executor", "docker", "-o", "json"]);
      const record = JSON.parse(answer.stdout) as RunRecord;
      expect(record).toMatchObject({ status: "failed", errors: [{ code: "DISK_FULL" }] });
      expect(record.errors?.[0]?.hint).toContain("docker system df");
      expect(answer.exitCode).toBe(1);
      expect(await dockerLeftOf(record.uuid, ENV)).toEqual([]);
    } finally {
      await engine.close();
    }
  }, 120_000);
});
