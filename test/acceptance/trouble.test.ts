import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BOWLINE, type Desk } from "../cli/bowline.ts";
import { checkFailure, checkRunRecord } from "../support/contract.ts";
import { startGitServer, temporaryFolder, type GitServer } from "../support/index.ts";
import { job, privateDesk, writeConfig } from "./desk.ts";
import { processesOf, until } from "./evidence.ts";

const NAMED = ["-f", "job.json", "--config", "config.yaml"];
const noRoot = process.getuid?.() === 0 && process.platform === "linux" ? undefined : "needs root on Linux";

let server: GitServer;

beforeAll(async () => {
  server = await startGitServer();
  await server.add("org/test");
});

afterAll(() => server.close());

test("ten runs at once are ten records, each succeeded at its commit", async () => {
  const desk = await deskWithJob("echo $BOWLINE_RUN_UUID");
  const answers = await Promise.all(Array.from({ length: 10 }, () => desk.bowline(["run", ...NAMED, "-o", "json"])));
  const records = answers.map(({ stdout }) => checkRunRecord(JSON.parse(stdout)));
  expect(answers.map(({ exitCode }) => exitCode)).toEqual(Array(10).fill(0));
  expect(new Set(records.map(({ uuid }) => uuid)).size).toBe(10);
  expect(records.filter(({ codeReferences }) => codeReferences.length === 1)).toHaveLength(10);
  const { stdout } = await desk.bowline(["ps", "-o", "json"]);
  expect((JSON.parse(stdout) as unknown[]).map((each) => checkRunRecord(each).status)).toEqual(
    Array(10).fill("succeeded"),
  );
});

test("delete during a run is refused with a way out, or ends the run; nothing of it is left", async () => {
  const desk = await deskWithJob("sleep 60");
  const { stdout } = await desk.bowline(["run", ...NAMED, "-d", "-o", "json"]);
  const { uuid } = checkRunRecord(JSON.parse(stdout));
  const refused = await desk.bowline(["delete", uuid, "-y"]);
  if (refused.exitCode !== 0) {
    expect(refused.stderr).toContain("bowline stop");
    expect((await desk.bowline(["stop", uuid])).exitCode).toBe(0);
    expect((await desk.bowline(["delete", uuid, "-y"])).exitCode).toBe(0);
  }
  expect((await desk.bowline(["ps", "-o", "json"])).stdout).toBe("[]\n");
  expect(await until(() => processesOf(desk.folder).length === 0)).toBe(true);
});

test("stop reaches a run whose commits are not pinned yet", async () => {
  const silent = createServer(() => {}).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const desk = await privateDesk();
  await writeConfig(desk, [{ url: `http://127.0.0.1:${(silent.address() as AddressInfo).port}/org/test` }]);
  await desk.write("job.json", job("true"));
  const child = desk.start(["run", ...NAMED, "-o", "json"]);
  let text = "";
  child.stdout!.on("data", (chunk) => (text += String(chunk)));
  child.stderr!.resume();
  const closed = once(child, "close") as Promise<[number]>;
  await once(silent, "connection");
  const uuid = (await desk.bowline(["ps", "-q"])).stdout.trim();
  expect((await desk.bowline(["stop", uuid])).exitCode).toBe(0);
  const [code] = await closed;
  silent.close();
  expect(code).toBe(1);
  expect(checkRunRecord(JSON.parse(text)).status).toBe("stopped");
});

test("folders with spaces and other letters, quotes and a dash", async () => {
  const desk = await privateDesk();
  const folder = join(desk.folder, `-a b's "ü" 日本 $(x)`);
  await mkdir(folder);
  Object.assign(desk.env, { BOWLINE_HOME: join(folder, "home of it") });
  await writeConfig(desk, [{ url: `${server.url}/org/test` }]);
  await desk.write("job.json", job("git status --porcelain; git log -1 --format=%s"));
  const { stdout, stderr, exitCode } = await desk.bowline(["run", ...NAMED]);
  expect({ stdout, exitCode }, stderr).toEqual({ stdout: "Add numbers\n", exitCode: 0 });
});

test("without HOME, with BOWLINE_HOME; and with standard input closed", async () => {
  const desk = await deskWithJob("cat; echo ran");
  const { HOME: _, ...env } = desk.env;
  const words = ["-c", 'exec "$@" <&-', "sh", process.execPath, BOWLINE, "run", ...NAMED];
  const { stdout, stderr, exitCode } = await execa("sh", words, {
    ...{ cwd: desk.folder, env, extendEnv: false, reject: false },
  });
  expect({ stdout, exitCode }, stderr).toEqual({ stdout: "ran", exitCode: 0 });
});

test.each([
  ["no git in PATH", undefined],
  ["a git that is too old", "git version 2.20.1"],
])("%s is one error that says so", async (_, version) => {
  const desk = await deskWithJob("true");
  const folder = await temporaryFolder();
  if (version !== undefined) await writeFile(join(folder, "git"), `#!/bin/sh\necho "${version}"\n`);
  if (version !== undefined) await chmod(join(folder, "git"), 0o755);
  const env = { PATH: folder };
  const { stdout, exitCode } = await desk.bowline(["run", ...NAMED, "-o", "json"], { env });
  const { errors } = JSON.parse(stdout) as { errors: { code: string; hint: string; message: string }[] };
  expect({ exitCode, codes: errors.map(({ code }) => code) }).toEqual({ exitCode: 2, codes: ["GIT_MISSING"] });
  expect(errors[0]!.hint).toMatch(/2\.34|install/);
});

test.skipIf(noRoot)(`a home that cannot be written${noRoot ? ` (skipped: ${noRoot})` : ""}`, async () => {
  const desk = await deskWithJob("true");
  const home = join(await temporaryFolder(), "home");
  await mkdir(home, { mode: 0o755 });
  await chmod(join(home, ".."), 0o755);
  await chmod(desk.folder, 0o755);
  await chmod(join(desk.folder, ".."), 0o755);
  const { stdout, exitCode } = await asNobody(desk, ["run", ...NAMED, "-o", "json"], { BOWLINE_HOME: home });
  expect(checkFailure(JSON.parse(stdout)).errors.map(({ code }) => code)).toEqual(["DISK_NOT_WRITABLE"]);
  expect(exitCode).toBe(1);
});

test.skipIf(noRoot)(`a folder in PATH that is closed to the user${noRoot ? ` (skipped: ${noRoot})` : ""}`, async () => {
  const desk = await privateDesk();
  const [home, closed] = [await temporaryFolder(), await temporaryFolder()];
  for (const folder of [desk.folder, join(desk.folder, ".."), join(home, "..")]) await chmod(folder, 0o755);
  await chmod(home, 0o777);
  await chmod(closed, 0o700);
  await writeConfig(desk, []);
  await desk.write("job.json", JSON.stringify({ run: { kind: "job", container: { command: ["no-such-program"] } } }));
  const env = { BOWLINE_HOME: home, PATH: `${closed}:${desk.env["PATH"]}` };
  const { stdout } = await asNobody(desk, ["run", ...NAMED, "-o", "json"], env);
  expect(checkRunRecord(JSON.parse(stdout))).toMatchObject({ status: "failed", exitCode: 127 });
});

/** What a user without any rights of root sees. */
function asNobody(desk: Desk, words: string[], env: Record<string, string>) {
  const user = ["--reuid", "65534", "--regid", "65534", "--clear-groups"];
  return execa("setpriv", [...user, process.execPath, BOWLINE, ...words], {
    ...{ cwd: desk.folder, env: { ...desk.env, ...env }, extendEnv: false, reject: false },
  });
}

const noMount = noRoot ?? mountRefused();

test.skipIf(noMount)(`a full disk${noMount ? ` (skipped: ${noMount})` : ""}`, async () => {
  const desk = await deskWithJob("head -c 20000000 /dev/zero > big || echo full >&2; exit 0");
  const home = await temporaryFolder();
  spawnSync("mount", ["-t", "tmpfs", "-o", "size=3m", "none", home]);
  try {
    const env = { BOWLINE_HOME: home };
    const { stdout, exitCode } = await desk.bowline(["run", ...NAMED, "-o", "json"], { env });
    const record = checkRunRecord(JSON.parse(stdout));
    expect(exitCode === 0).toBe(record.status === "succeeded");
    const again = await desk.bowline(["ps", "-o", "json"], { env });
    expect(
      (JSON.parse(again.stdout) as { uuid: string; status: string }[]).map(({ uuid, status }) => [uuid, status]),
    ).toEqual([[record.uuid, record.status]]);
    const full = await desk.bowline(["run", ...NAMED, "-o", "json"], { env });
    expect(full.exitCode).toBe(1);
    expect((JSON.parse(full.stdout) as { errors: { code: string }[] }).errors[0]!.code).toBe("DISK_FULL");
    expect((await desk.bowline(["delete", record.uuid, "-y"], { env })).exitCode).toBe(0);
  } finally {
    spawnSync("umount", [home]);
  }
});

function mountRefused(): string | undefined {
  const { status } = spawnSync("unshare", ["-m", "mount", "-t", "tmpfs", "-o", "size=1m", "none", "/mnt"]);
  return status === 0 ? undefined : "mount is refused here";
}

async function deskWithJob(script: string): ReturnType<typeof privateDesk> {
  const desk = await privateDesk();
  await writeConfig(desk, [{ url: `${server.url}/org/test` }]);
  await desk.write("job.json", job(script));
  return desk;
}
