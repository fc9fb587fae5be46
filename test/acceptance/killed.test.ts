import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { once } from "node:events";
import { expect, test } from "vitest";
import { makeRepository } from "../support/index.ts";
import { job, privateDesk, writeConfig } from "./desk.ts";
import { processesOf, until } from "./evidence.ts";

/** BOWLINE_TEST_KILLS=100 for a longer look. */
const KILLS = Number(process.env["BOWLINE_TEST_KILLS"] ?? 25);

const FILES = 200;

interface Shown {
  uuid: string;
  status: string;
  reason?: string;
}

test.skipIf(process.platform !== "linux")(
  `after ${KILLS} runs killed at random moments no run is lost, no target half, no process left (looks into /proc: Linux only)`,
  { timeout: KILLS * 4_000 + 60_000 },
  async () => {
    const desk = await privateDesk();
    const files = Object.fromEntries(Array.from({ length: FILES }, (_, index) => [`f${index}`, `${index}\n`]));
    const { path } = await makeRepository(join(desk.folder, "org/test.git"), { commits: [{ files }] });
    await writeConfig(desk, [{ url: `file://${path}` }], { policy: { schemes: ["file"] } });
    await desk.write("job.json", job("echo began; sleep 0.2 & sleep 0.3; wait"));
    const printed = new Set<string>();
    for (let run = 0; run < KILLS; run += 1) {
      const child = desk.start(["run", "-f", "job.json", "--config", "config.yaml"]);
      let text = "";
      child.stdout?.on("data", (chunk) => (text += String(chunk)));
      child.stderr?.on("data", (chunk) => (text += String(chunk)));
      const timer = setTimeout(() => child.kill("SIGKILL"), Math.random() * 1000);
      await once(child, "close");
      clearTimeout(timer);
      for (const [, uuid] of text.matchAll(/^run ([0-9a-f]{8})\b/gm)) printed.add(uuid!);
    }
    const { stdout, exitCode } = await desk.bowline(["ps", "-o", "json", "--limit", "0"]);
    expect(exitCode).toBe(0);
    const runs = JSON.parse(stdout) as Shown[];
    expect(printed.size).toBeGreaterThan(0);
    expect([...printed].filter((uuid) => !runs.some((run) => run.uuid.startsWith(uuid)))).toEqual([]);
    const told = runs.filter(
      ({ status, reason }) => status !== "succeeded" && !(status === "failed" && reason === "RUN_LOST"),
    );
    expect(told).toEqual([]);
    for (const { uuid } of runs) {
      const target = join(desk.env["BOWLINE_HOME"]!, "state/runs", uuid, "artifacts/repo-test");
      if (!existsSync(target)) continue;
      expect(readdirSync(target).filter((name) => name.startsWith("f"))).toHaveLength(FILES);
      expect(existsSync(join(target, ".git/HEAD"))).toBe(true);
    }
    expect(await until(() => processesOf(desk.folder).length === 0)).toBe(true);
    // Nothing is stuck: the next run ends as any other.
    expect((await desk.bowline(["run", "-f", "job.json", "--config", "config.yaml"])).exitCode).toBe(0);
  },
);
