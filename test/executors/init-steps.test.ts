import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { GitStep, InitStep } from "../../src/compile/index.ts";
import { planOf } from "../runs/plans.ts";
import { openHarness } from "../runs/harness.ts";
import { until } from "../runs/living.ts";
import { startGitServer, type GitServer, type Repository } from "../support/index.ts";

let server: GitServer;
let one: Repository;
beforeAll(async () => {
  server = await startGitServer();
  one = await server.add("org/one", { commits: [{ files: { a: "first" } }] });
  await server.add("org/two");
});
afterAll(() => server.close());

const { runs, home, lines } = openHarness({}, undefined);
const options = { history: 1, tags: false, submodules: false, lfs: false, sparse: [] };

function gitStep(folder: string, name: string, more: Partial<GitStep> = {}): GitStep {
  return {
    kind: "git",
    name,
    url: `${server.url}/org/${name}`,
    urlOverridden: false,
    options,
    path: join(folder, name),
    ...more,
  };
}

/** Runs a script after init steps that are made for the run's artifacts folder. */
async function runAfter(steps: (artifacts: string) => InitStep[], script: string, events: string[] = []) {
  const places = runs.prepare();
  const plan = planOf(
    { command: ["sh", "-c", script] },
    { artifactsPath: places.artifactsPath, init: steps(places.artifactsPath) },
  );
  const onEvent = (event: { type: string }) => void events.push(event.type);
  return { places, record: await runs.start({ places, plan }, { onEvent }) };
}

test("repositories are there when the job starts, pinned and with their code references", async () => {
  const { record } = await runAfter(
    (folder) => [gitStep(folder, "one"), gitStep(folder, "two")],
    "cat one/a; echo; ls -d two/.git",
  );
  expect(record.status).toBe("succeeded");
  expect((await lines(record)).map(({ text }) => text)).toEqual(["first", "two/.git"]);
  expect(record.codeReferences).toMatchObject([
    { commit: one.commits.main, by: "engine" },
    { url: `${server.url}/org/two` },
  ]);
  const { plan } = await runs.describe(record.uuid);
  expect(plan.init[0]).toMatchObject({ pin: { commit: one.commits.main } });
});

test("refused revisions are a failed run with every error, and nothing was started", async () => {
  const place = { file: "job.yaml", line: 4, column: 2 };
  const { record, places } = await runAfter(
    (folder) => [gitStep(folder, "one", { revision: "nope", place }), gitStep(folder, "two", { revision: "neither" })],
    "echo started",
  );
  expect(record).toMatchObject({ status: "failed", reason: "GIT_REVISION_NOT_FOUND" });
  expect(record.errors).toMatchObject([
    { code: "GIT_REVISION_NOT_FOUND", line: 4 },
    { code: "GIT_REVISION_NOT_FOUND" },
  ]);
  expect(record.statuses.map(({ status }) => status)).toEqual(["created", "compiled", "queued", "failed"]);
  expect(record.startedAt).toBeUndefined();
  expect(existsSync(places.artifactsPath)).toBe(false);
});

test("restart uses the same commit, fresh resolves again", async () => {
  const moving = await server.add("org/moving", { commits: [{ files: { a: "old" } }] });
  const { record } = await runAfter(
    (folder) => [gitStep(folder, "moving")],
    "cat $BOWLINE_RUN_UUID/../moving/a; echo; pwd",
  );
  const newer = await server.add("org/moving", { commits: [{ files: { a: "old" } }, { files: { a: "new" } }] });
  const same = await runs.restart(record.uuid);
  const fresh = await runs.restart(record.uuid, { fresh: true });
  expect(same).toMatchObject({
    status: "succeeded",
    restartOf: record.uuid,
    codeReferences: [{ commit: moving.commits.main }],
  });
  expect(fresh.codeReferences).toMatchObject([{ commit: newer.commits.main }]);
  expect((await lines(same)).map(({ text }) => text)).toEqual([
    "old",
    join(home.state, "runs", same.uuid, "artifacts"),
  ]);
});

test("stop reaches a run whose code is being fetched: it is stopped, and nothing is left of the fetch", async () => {
  // or the commit is there already
  rmSync(home.cache, { recursive: true, force: true });
  const places = runs.prepare();
  const script = { command: ["sh", "-c", "echo started"] };
  const plan = planOf(script, { artifactsPath: places.artifactsPath, init: [gitStep(places.artifactsPath, "one")] });
  const before = server.requests.length;
  const ended = runs.start(
    { places, plan },
    {
      // The commit is pinned; from here on the server says nothing any more.
      onEvent: (event) => {
        if (event.type === "status" && event.change.status === "scheduled") server.faults.push({ stall: 0 });
      },
    },
  );
  await until(() => server.faults.length > 0 && server.requests.slice(before).some(({ path }) => path.includes("one")));
  await until(async () => (await runs.get(places.uuid)).status === "starting");
  expect(await runs.stop(places.uuid)).toMatchObject({ status: "stopped", reason: "Stopped" });
  server.faults.length = 0;
  const record = await ended;
  expect(record.errors).toBeUndefined();
  // pinned, and no more
  expect(record.codeReferences.map(({ by }) => by)).toEqual([undefined]);
  expect(await lines(record)).toEqual([]);
  expect(existsSync(join(places.artifactsPath, "one"))).toBe(false);
});

test("steps run in declared order: a file, a container that reads it, a failing one that ends the run", async () => {
  const container = (name: string, script: string): InitStep => ({
    kind: "container",
    name,
    container: { name, command: ["sh", "-c", script], env: [], connections: [], rest: {} },
  });
  const { record, places } = await runAfter(
    (folder) => [
      {
        kind: "file",
        name: "script",
        path: join(folder, "bin dir"),
        filename: "run me",
        content: "#!/bin/sh\necho ran\n",
        mode: 0o755,
      },
      container("first", '"./bin dir/run me"'),
      container("second", "exit 9"),
    ],
    "echo started",
  );
  expect(statSync(join(places.artifactsPath, "bin dir/run me")).mode & 0o777).toBe(0o755);
  expect(record).toMatchObject({
    status: "failed",
    errors: [{ code: "RUN_FAILED", message: expect.stringContaining('"second"') }],
  });
  expect((await lines(record)).map(({ container: log, text }) => `${log}: ${text}`)).toEqual(["init/first: ran"]);
});

test("a step that would write outside of the run's folder is refused", async () => {
  const { record } = await runAfter(
    () => [{ kind: "file", name: "x", path: join(home.state, "elsewhere"), filename: "x", content: "x", mode: 0o644 }],
    "true",
  );
  expect(record.errors).toMatchObject([{ code: "PATH_INVALID" }]);
  expect(existsSync(join(home.state, "elsewhere"))).toBe(false);
});

test("a handler is told what the engine would have been told, and its own code is in the record", async () => {
  const handler = {
    name: "own",
    command: [
      "sh",
      "-c",
      'git clone -q "$BOWLINE_GIT_URL" "$BOWLINE_GIT_PATH" && echo "$BOWLINE_GIT_COMMIT $BOWLINE_GIT_REF"',
    ],
    ...{ env: [], connections: [], rest: {} },
  };
  const { record } = await runAfter((folder) => [gitStep(folder, "one", { handler })], "cat one/a");
  expect((await lines(record, "init/one")).map(({ text }) => text)).toEqual([`${one.commits.main} refs/heads/main`]);
  expect(record).toMatchObject({ status: "succeeded", codeReferences: [{ by: "handler", commit: one.commits.main }] });
});

test("a home whose name has spaces and other signs", async () => {
  const { temporaryHome } = await import("../runs/plans.ts");
  const harness = openHarness({}, temporaryHome("bowline runs 'ünd' $(x)-"));
  const places = harness.runs.prepare();
  const init = [gitStep(places.artifactsPath, "one")];
  const plan = planOf({ command: ["sh", "-c", "cat one/a"] }, { artifactsPath: places.artifactsPath, init });
  const record = await harness.runs.start({ places, plan });
  expect(record.errors).toBeUndefined();
  expect(await harness.texts(record)).toEqual(["first"]);
  expect(readFileSync(join(places.artifactsPath, "one/a"), "utf8")).toBe("first");
});
