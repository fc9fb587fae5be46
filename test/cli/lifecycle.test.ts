import { once } from "node:events";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { checkRunRecord } from "../support/contract.ts";
import { newDesk, type Desk } from "./bowline.ts";

describe("Ctrl-C while a run is attached", () => {
  test("stops the job: it may clean up, the run is stopped, exit code 130", async () => {
    const desk = await newDesk();
    await desk.write(
      "job.yaml",
      job("trap 'echo cleaned > cleaned; exit 0' TERM; echo $$ > pid; while :; do sleep 0.1; done"),
    );
    const child = desk.start(["run", "-f", "job.yaml", "-o", "json"]);
    const output = collect(child);
    const folder = await runFolder(desk);
    const pid = await fileText(join(folder, "pid"));
    child.kill("SIGINT");
    const [code] = (await once(child, "exit")) as [number];
    expect(code).toBe(130);
    expect(checkRunRecord(JSON.parse(output.stdout))).toMatchObject({ status: "stopped" });
    expect(output.stderr).toContain("stopping; once more kills it");
    expect(existsSync(join(folder, "cleaned"))).toBe(true);
    expect(isAlive(pid)).toBe(false);
  });

  test("twice kills a job that will not go", async () => {
    const desk = await newDesk();
    await desk.write("job.yaml", job("trap '' TERM INT; echo $$ > pid; while :; do sleep 0.1; done"));
    const child = desk.start(["run", "-f", "job.yaml"]);
    const output = collect(child);
    const pid = await fileText(join(await runFolder(desk), "pid"));
    child.kill("SIGINT");
    await sleep(400);
    expect(isAlive(pid)).toBe(true);
    child.kill("SIGINT");
    const [code] = (await once(child, "exit")) as [number];
    expect(code).toBe(130);
    expect(isAlive(pid)).toBe(false);
    expect(output.stderr).toContain("stopped after");
  });

  test("SIGTERM stops the job as well, exit code 143", async () => {
    const desk = await newDesk();
    await desk.write("job.yaml", job("echo $$ > pid; exec sleep 60"));
    const child = desk.start(["run", "-f", "job.yaml"]);
    collect(child);
    const pid = await fileText(join(await runFolder(desk), "pid"));
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([143, null]);
    expect(isAlive(pid)).toBe(false);
  });
});

describe("a detached run", () => {
  test("is listed, followed, stopped, restarted and deleted", async () => {
    const desk = await newDesk();
    await desk.write("job.yaml", job("echo begun; while [ ! -e go ]; do sleep 0.05; done; echo ended; exit 7"));
    const started = await desk.bowline(["run", "-f", "job.yaml", "-d"]);
    expect(started.exitCode).toBe(0);
    const uuid = started.stdout.trim();
    const id = uuid.slice(0, 8);
    expect(started.stderr).toContain(`bowline logs -f ${id}`);

    const [listed] = JSON.parse((await desk.bowline(["ps", "-o", "json"])).stdout) as unknown[];
    expect(checkRunRecord(listed).uuid).toBe(uuid);
    expect((await desk.bowline(["ps", "-q"])).stdout).toBe(`${uuid}\n`);
    expect((await desk.bowline(["ps"])).stdout).toMatch(
      new RegExp(`^RUN +NAME +STATUS +CODE +TOOK +AGE\\n${id} +job +`),
    );

    const following = desk.bowline(["logs", "-f", id]);
    await sleep(300);
    await desk.write(join("home", "state", "runs", uuid, "artifacts", "go"), "");
    const followed = await following;
    expect(followed.stdout).toBe("begun\nended\n");
    expect(followed.stderr).toMatch(/failed after .*: the main container ended with exit code 7\n$/);
    expect(followed.exitCode).toBe(1);

    const again = await desk.bowline(["restart", id, "-d", "-o", "json"]);
    const record = checkRunRecord(JSON.parse(again.stdout));
    expect(record.restartOf).toBe(uuid);
    expect(again.stderr).toContain(`run ${record.uuid.slice(0, 8)}  job, a restart of ${uuid.slice(0, 8)}\n`);
    expect(await desk.bowline(["ps", "--limit", "1", "-q"])).toMatchObject({ stdout: `${record.uuid}\n`, stderr: "" });
    const stopped = await desk.bowline(["stop", record.uuid, "-o", "json"]);
    expect(stopped.exitCode).toBe(0);
    expect(checkRunRecord((JSON.parse(stopped.stdout) as unknown[])[0])).toMatchObject({ status: "stopped" });
    expect((await desk.bowline(["ps", "--status", "stopped", "-o", "name"])).stdout).toBe(`${record.uuid}\n`);

    expect((await desk.bowline(["delete", id])).exitCode).toBe(2);
    expect((await desk.bowline(["delete", id, record.uuid, "-y"])).exitCode).toBe(0);
    expect((await desk.bowline(["ps", "-o", "json"])).stdout).toBe("[]\n");
    expect((await desk.bowline(["get", uuid])).exitCode).toBe(3);
    expect(existsSync(join(desk.folder, "home", "state", "runs", uuid))).toBe(false);
  });

  test("goes on when the one who follows it leaves", async () => {
    const desk = await newDesk();
    await desk.write("job.yaml", job("echo begun; echo $$ > pid; exec sleep 60"));
    const child = desk.start(["run", "-f", "job.yaml", "-d", "-l"]);
    const output = collect(child);
    const pid = await fileText(join(await runFolder(desk), "pid"));
    await until(() => output.stdout.includes("begun"), "the log is followed");
    child.kill("SIGINT");
    expect(await once(child, "exit")).toEqual([130, null]);
    expect(output.stderr).toMatch(/the run goes on; come back with: bowline logs -f/);
    expect(isAlive(pid)).toBe(true);
    const uuid = (await desk.bowline(["ps", "-q"])).stdout.trim();
    expect((await desk.bowline(["stop", uuid])).exitCode).toBe(0);
    expect(isAlive(pid)).toBe(false);
  });

  test("is stopped by Ctrl-C while its commits are not pinned yet", async () => {
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const desk = await newDesk();
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/org/test`;
    await desk.write("job.yaml", `run: {kind: job, init: [{git: {url: "${url}"}}], container: {command: [ls]}}\n`);
    const child = desk.start(["run", "-f", "job.yaml", "-d", "-o", "json"]);
    const output = collect(child);
    await once(silent, "connection");
    child.kill("SIGINT");
    expect(await once(child, "exit")).toEqual([130, null]);
    silent.close();
    expect(checkRunRecord(JSON.parse(output.stdout)).status).toBe("stopped");
  });

  test("-w shows every status and ends with the run's result", async () => {
    const desk = await newDesk();
    await desk.write("job.yaml", job("exit 4"));
    const { stderr, exitCode } = await desk.bowline(["run", "-f", "job.yaml", "-d", "-w"]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/ created\n[^]* running\n[^]* failed /);
  });
});

describe("logs", () => {
  test("keep stdout and stderr apart, and tell times and containers", async () => {
    const desk = await newDesk();
    await desk.write("job.yaml", job("echo one; sleep 0.1; echo two >&2; sleep 0.1; printf three"));
    const ran = await desk.bowline(["run", "-f", "job.yaml"]);
    expect(ran.stdout).toBe("one\nthree");
    const id = (await desk.bowline(["ps", "-q"])).stdout.trim();
    expect(await desk.bowline(["logs", id])).toEqual({ stdout: "one\nthree", stderr: "two\n", exitCode: 0 });
    expect((await desk.bowline(["logs", id, "--tail", "1"])).stdout).toBe("three");
    expect((await desk.bowline(["logs", id, "--timestamps"])).stdout).toMatch(/^\d{4}-\d\d-\d\dT\S+Z one\n/);
    expect((await desk.bowline(["logs", id, "--all-containers"])).stdout).toBe("[main] one\n[main] three");
    const lines = (await desk.bowline(["logs", id, "-o", "json"])).stdout.trim().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { container: "main", stream: "stdout", text: "one" },
      { container: "main", stream: "stderr", text: "two" },
      { container: "main", stream: "stdout", text: "three" },
    ]);
    for (const words of [["get"], ["logs"], ["stop"]]) {
      const named = await desk.bowline([...words, "job"]);
      expect(named).toMatchObject({
        exitCode: 3,
        stderr: expect.stringContaining(`hint: it is the name of: ${id.slice(0, 8)}\n`),
      });
    }
    const absent = await desk.bowline(["logs", id, "-c", "mian"]);
    expect(absent.exitCode).toBe(2);
    expect(absent.stderr).toContain('did you mean "main"?');
  });

  test("what an init container said last is told before the main container begins", async () => {
    const desk = await newDesk();
    const init = 'init: [{container: {name: make, command: [sh, -c, "printf made"]}}]';
    await desk.write("job.yaml", `run: {kind: job, ${init}, container: {command: [echo, main]}}\n`);
    expect((await desk.bowline(["run", "-f", "job.yaml"])).exitCode).toBe(0);
    const id = (await desk.bowline(["ps", "-q"])).stdout.trim();
    const { stdout } = await desk.bowline(["logs", id, "--all-containers"]);
    expect(stdout.match(/made|main$/gm)).toEqual(["made", "main"]);
  });

  test("of a run whose code was not got are its errors, for all containers, too", async () => {
    const desk = await newDesk();
    await desk.write(
      "job.yaml",
      'run: {kind: job, init: [{git: {url: "http://127.0.0.1:1/org/test"}}], container: {command: [ls]}}',
    );
    expect((await desk.bowline(["run", "-f", "job.yaml"])).exitCode).toBe(5);
    const id = (await desk.bowline(["ps", "-q"])).stdout.trim();
    for (const words of [[], ["--all-containers"]])
      expect((await desk.bowline(["logs", id, ...words])).stderr).toContain("[HOST_REFUSED]");
    const { stderr } = await desk.bowline(["logs", id, "-c", "init/test"]);
    expect(stderr).toContain(`hint: it has: none; what git steps did: bowline get ${id.slice(0, 8)}\n`);
  });

  test("an option that only a cluster has is named where there is none", async () => {
    const desk = await newDesk();
    const { stderr, exitCode } = await desk.bowline(["ps", "-n", "train"], { env: { KUBECONFIG: "" } });
    expect({ stderr, exitCode }).toMatchObject({ exitCode: 5, stderr: expect.stringContaining("--namespace (-n)") });
    await desk.write("job.yaml", job("true"));
    const run = ["run", "-f", "job.yaml", "--executor", "kubernetes", "--image", "busybox", "-n", "team-a"];
    const note = 'the run is named "team-a"; a namespace is chosen by --namespace';
    expect((await desk.bowline(run, { env: { KUBECONFIG: "" } })).stderr).toContain(note);
    expect((await desk.bowline([...run, "--namespace", "x"], { env: { KUBECONFIG: "" } })).stderr).not.toContain(note);
    const asked = await desk.bowline(["ps", "-n", "train", "--executor", "kubernetes"], { env: { KUBECONFIG: "" } });
    expect(asked.stderr).toContain("set KUBECONFIG");
  });
});

describe("a reader that goes away", () => {
  test("ends a listing quietly", async () => {
    const desk = await newDesk();
    const child = desk.start(["schema", "polyaxonfile"]);
    child.stdout!.destroy();
    const [code, signal] = (await once(child, "exit")) as [number, string];
    expect({ code, signal }).toEqual({ code: 0, signal: null });
  });

  test("does not end a run", async () => {
    const desk = await newDesk();
    await desk.write("job.yaml", job("seq 1 20000; sleep 0.3; echo done > done; exit 5"));
    const child = desk.start(["run", "-f", "job.yaml"]);
    const output = collect(child);
    child.stdout!.destroy();
    const [code] = (await once(child, "exit")) as [number];
    expect(code).toBe(1);
    expect(output.stderr).not.toContain("bug");
    expect(existsSync(join(await runFolder(desk), "done"))).toBe(true);
  });
});

function job(script: string): string {
  return `run: {kind: job, container: {command: [sh, -c, ${JSON.stringify(script)}]}}\n`;
}

function collect(child: ReturnType<Desk["start"]>): { stdout: string; stderr: string } {
  const output = { stdout: "", stderr: "" };
  child.stdout!.on("data", (chunk) => (output.stdout += String(chunk)));
  child.stderr!.on("data", (chunk) => (output.stderr += String(chunk)));
  return output;
}

/** Where the jobs of these tests write: the working directory of the desk's only run. */
async function runFolder(desk: Desk): Promise<string> {
  const runs = join(desk.folder, "home", "state", "runs");
  let found: string | undefined;
  await until(async () => {
    [found] = await readdir(runs).catch(() => []);
    return found !== undefined && existsSync(join(runs, found, "artifacts"));
  }, "the run has a folder");
  return join(runs, found!, "artifacts");
}

async function fileText(path: string): Promise<string> {
  let text = "";
  await until(async () => {
    text = (await readFile(path, "utf8").catch(() => "")).trim();
    return text !== "";
  }, `${path} is written`);
  return text;
}

async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = Date.now() + 20_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`it never came to this: ${what}`);
    await sleep(25);
  }
}

/** A zombie is no longer alive: somebody else has only to collect it. */
function isAlive(pid: string): boolean {
  try {
    process.kill(Number(pid), 0);
  } catch {
    return false;
  }
  return true;
}
