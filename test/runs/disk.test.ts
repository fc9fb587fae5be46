import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { canDropRights, childScript } from "../support/child-script.ts";
import { openHarness } from "./harness.ts";
import { plainConfig, planOf, temporaryHome } from "./plans.ts";
import { openRuns } from "../../src/runs/index.ts";

const root = temporaryHome("bowline-full-").config;
const size = "4m";
mkdirSync(root, { recursive: true });
const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", root]).status === 0;
const why = mounted ? "" : " (skipped: no tmpfs can be mounted here)";

afterAll(() => {
  if (mounted) spawnSync("umount", ["-l", root]);
});

function homeBelow(name: string) {
  const folder = join(root, name);
  return {
    config: join(folder, "config"),
    data: join(folder, "data"),
    state: join(folder, "state"),
    cache: join(folder, "cache"),
  };
}

/** Takes all that is left of the small disk, but for so many blocks; gives it back. */
function fill(but = 0): () => void {
  const path = join(root, "filler");
  spawnSync("dd", ["if=/dev/zero", `of=${path}`, "bs=4096", "count=4096"]);
  truncateSync(path, statSync(path).size - but * 4096);
  return () => rmSync(path, { force: true });
}

test.skipIf(!mounted)(
  `a disk that fills up during a run: the end is told once there is room, nothing is lost${why}`,
  async () => {
    const harness = openHarness({}, homeBelow("during"));
    const before = await harness.sh("echo kept");
    const gate = temporaryHome().config;
    let free = () => {};
    const record = await harness.sh(
      `while [ ! -e ${gate} ]; do sleep 0.05; done; echo lost; exit 3`,
      {},
      {
        onEvent: (event) => {
          if (event.type !== "status" || event.change.status !== "running") return;
          free = fill();
          writeFileSync(gate, "");
        },
      },
    );
    expect(record).toMatchObject({ status: "failed", exitCode: 3 });
    expect((await harness.runs.list()).map(({ uuid }) => uuid).sort()).toEqual([before.uuid, record.uuid].sort());
    expect(await harness.runs.get(record.uuid)).toMatchObject({ status: "failed", exitCode: 3, reason: "ExitCode" });
    free();
    const later = openHarness({}, harness.home);
    expect(await later.runs.get(record.uuid)).toMatchObject({ status: "failed", exitCode: 3, reason: "ExitCode" });
    expect(await later.texts(before)).toEqual(["kept"]);
    await Promise.all([harness.runs.close(), later.runs.close()]);
  },
);

test.skipIf(!mounted)(`a disk that is full before a run: DISK_FULL, and no run${why}`, async () => {
  const home = homeBelow("before");
  const harness = openHarness({}, home);
  await harness.runs.list();
  const free = fill();
  await expect(harness.sh("true")).rejects.toMatchObject({ code: "DISK_FULL" });
  free();
  expect(await harness.runs.list()).toEqual([]);
  await harness.runs.close();
});

test.skipIf(!mounted)(
  `a disk with room for any part of a run's record: DISK_FULL or a run, and never a bug${why}`,
  async () => {
    const harness = openHarness({}, homeBelow("part"));
    await harness.runs.list();
    const answers: string[] = [];
    for (let blocks = 1; blocks < 24; blocks += 2) {
      const free = fill(blocks);
      const trying = harness.sh("true").then(
        ({ status }) => status,
        ({ code }: { code: string }) => code,
      );
      answers.push(await trying);
      free();
    }
    expect(answers.filter((answer) => !/^(DISK_FULL|succeeded|failed)$/.test(answer))).toEqual([]);
    expect(await harness.sh("true")).toMatchObject({ status: "succeeded" });
    await harness.runs.close();
  },
);

test.skipIf(!mounted)(
  `a disk with room for any part of a new store: told as the disk's, and never a bug${why}`,
  async () => {
    const answers: string[] = [];
    for (let blocks = 1; blocks < 40; blocks += 1) {
      const free = fill(blocks);
      const { runs } = openHarness({}, homeBelow(`new-${blocks}`));
      answers.push(
        await runs.list().then(
          () => "made",
          ({ code }: { code: string }) => code,
        ),
      );
      await runs.close().catch(() => {});
      free();
      rmSync(join(root, `new-${blocks}`), { recursive: true, force: true });
    }
    // of a part of what it maps into memory SQLite says only that it fails
    expect(answers.filter((answer) => !/^(DISK_FULL|DISK_NOT_WRITABLE|made)$/.test(answer))).toEqual([]);
    expect(answers).toContain("DISK_FULL");
  },
);

const whyNot = canDropRights ? "" : " (skipped: needs root and Linux)";

test.skipIf(!canDropRights)(`a store that may not be written: DISK_NOT_WRITABLE${whyNot}`, async () => {
  const home = temporaryHome();
  mkdirSync(home.data, { recursive: true });
  chmodSync(dirname(home.data), 0o755);
  chmodSync(home.data, 0o755);
  const script = await childScript(`
    import { openStore } from "#src/runs/store/open-store.ts";
    print(await openStore(args[0]).then(() => "opened", (error) => error.code));
  `);
  const path = join(home.data, "runs.db");
  expect(await script.run([path], { unprivileged: true })).toBe("DISK_NOT_WRITABLE");
  expect(await script.run([path])).toBe("opened");
  script.remove();
});

test("an executor that is not there is refused before there is a run", async () => {
  const home = temporaryHome();
  const runs = openRuns({ config: plainConfig(home), env: {} });
  const executor = { kind: "docker", host: "unix:///nowhere/docker.sock" } as const;
  const request = { places: runs.prepare(executor.kind), plan: planOf({ image: "i", command: ["true"] }), executor };
  await expect(runs.start(request)).rejects.toMatchObject({ code: "EXECUTOR_ABSENT", exitCode: 5 });
  expect(await runs.list()).toEqual([]);
});

test("a run is deleted with folders that its job made read-only, and not while it runs", async () => {
  const { runs, sh } = openHarness();
  const record = await sh("mkdir -p a/b; touch a/b/c; chmod 0500 a/b a");
  expect(await runs.delete(record.uuid)).toEqual(record);
  await expect(runs.get(record.uuid)).rejects.toMatchObject({ code: "RUN_NOT_FOUND" });
  let refused: unknown;
  await sh(
    "sleep 0.5",
    {},
    {
      onEvent: (event) => {
        if (event.type === "created") refused = runs.delete(event.record.uuid).catch((error: unknown) => error);
      },
    },
  );
  expect(await refused).toMatchObject({ code: "USAGE" });
});
