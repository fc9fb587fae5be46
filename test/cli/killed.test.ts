import { once } from "node:events";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findProcesses } from "../../src/lib/index.ts";
import { startGitServer, type GitServer } from "../support/index.ts";
import { newDesk } from "./bowline.ts";

let server: GitServer;

beforeAll(async () => {
  server = await startGitServer();
  await server.add("org/test");
});
afterAll(() => server.close());

test("kill -9 while git fetches: git goes too, and the next command tells the truth", async () => {
  server.faults.push({ match: ({ body }) => body.includes("command=fetch"), stall: 100 });
  const desk = await newDesk();
  const connection = `{name: repo-test, kind: git, schema: {url: "${server.url}/org/test"}}`;
  await desk.write("bowline.yaml", `connections: [${connection}]\n`);
  await desk.write("job.yaml", "run: {kind: job, init: [{connection: repo-test}], container: {command: [true]}}\n");
  const child = desk.start(["run", "-f", "job.yaml", "--config", "bowline.yaml"]);
  const fetching = (): boolean => server.requests.some(({ body }) => body.includes("command=fetch"));
  while (!fetching()) await sleep(20);
  const [uuid = ""] = await readdir(join(desk.folder, "home/state/runs"));
  const marked = (): number => findProcesses({ groups: new Set(), assignment: `BOWLINE_RUN_UUID=${uuid}` }).length;
  // the request goes out before the git that takes its answer is started
  while (marked() === 0) await sleep(20);
  child.kill("SIGKILL");
  await once(child, "exit");
  // Without any command: the reaper alone.
  while (marked() > 0) await sleep(50);
  const { stdout } = await desk.bowline(["get", uuid, "-o", "json", "--config", "bowline.yaml"]);
  expect(JSON.parse(stdout)).toMatchObject({ uuid, status: "failed", reason: "RUN_LOST" });
  expect(existsSync(join(desk.folder, `home/state/runs/${uuid}/artifacts/repo-test`))).toBe(false);
});
