import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { runProgram } from "../../src/lib/index.ts";
import { childScript } from "../support/child-script.ts";

test("gives what a program said, and how it ended", async () => {
  const words = ["-c", 'cat; echo "$NAME" >&2; exit 3'];
  expect(await runProgram("sh", words, { input: "in", more: { NAME: "value" } })).toMatchObject({
    ...{ exitCode: 3, timedOut: false, stdout: "in", stderr: "value\n" },
  });
  expect(await runProgram("sh", ["-c", "kill -9 $$"])).toMatchObject({ exitCode: undefined });
  expect(await runProgram("bowline-absent", [])).toMatchObject({ exitCode: undefined, errno: "ENOENT" });
});

test("ends one that does not end, and one that is deaf to it", async () => {
  const deaf = ["-c", "trap '' TERM; sleep 60 & wait; sleep 60"];
  expect(await runProgram("sh", deaf, { timeout: 100 })).toMatchObject({ exitCode: undefined, timedOut: true });
  expect(await runProgram("sh", ["-c", "yes"], { most: 1000 })).toMatchObject({ exitCode: undefined });
});

const canLimit = spawnSync("prlimit", ["--version"]).status === 0;
const noLimit = canLimit ? "" : " (skipped: no prlimit of util-linux here)";

test.skipIf(!canLimit)(
  `where too many files are open, nothing that is started ends this process${noLimit}`,
  async () => {
    const script = await childScript(`
    import { execFileSync } from "node:child_process";
    import { openSync } from "node:fs";
    import { setTimeout } from "node:timers/promises";
    import { runProgram } from "#src/lib/index.ts";
    import { startJobProcess } from "#src/executors/process/job-process.ts";
    import { startReaper } from "#src/executors/process/reaper.ts";
    import { runCommand } from "#src/git/cache/mount-command.ts";
    import { openMountSpace } from "#src/git/cache/mount-space.ts";
    import { groupWatch } from "#src/git/process/group-watch.ts";
    const uncaught = [];
    process.on("uncaughtException", (error) => uncaught.push(String(error)));
    const job = { command: ["true"], cwd: "/", env: { PATH: process.env.PATH }, output: () => {}, mounts: { enter: () => undefined } };
    const mount = { target: "/t", kept: "/k", lower: "/k/l" };
    execFileSync("prlimit", ["--pid", String(process.pid), "--nofile=100"]);
    try { for (;;) openSync("/dev/null"); } catch {}
    const answers = [
      await runProgram("true", []).catch(({ code }) => code),
      (await (await startJobProcess(job)).ended).exitCode,
      (await runCommand(["true"])).code,
      typeof (await openMountSpace().mount(mount)),
    ];
    const reaper = startReaper({ assignment: "A=b", grace: 0, privateFolder: "/nonexistent" });
    reaper.watch(1_000_000);
    reaper.dismiss();
    groupWatch().add(1_000_000);
    groupWatch().drop(1_000_000);
    await setTimeout(100);
    print({ answers, uncaught });
  `);
    expect(await script.run([])).toEqual({ answers: ["SYSTEM_LIMIT", 126, -1, "string"], uncaught: [] });
    script.remove();
  },
);
