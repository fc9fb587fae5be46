import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunRecord } from "../../../src/runs/index.ts";
import type { Desk } from "../../cli/bowline.ts";
import { startApiProxy, type ApiProxy } from "./api-proxy.ts";
import { jobOf, onCluster } from "./cluster-desk.ts";

/** Counts to 120 in about twelve seconds, one number a line. */
const COUNT =
  '{image: "busybox:local", command: [sh, -c, "i=0; while [ $i -lt 120 ]; do i=$((i+1)); echo n$i; sleep 0.1; done"]}';
const NUMBERS = Array.from({ length: 120 }, (_, index) => `n${index + 1}`);

onCluster("connections that break", {}, ({ desk, run }) => {
  let proxy: ApiProxy;
  beforeAll(async () => {
    proxy = await startApiProxy();
  });
  afterAll(() => proxy.close());

  async function deskBehindProxy(): Promise<Desk> {
    const cwd = await desk();
    cwd.env["KUBECONFIG"] = join(cwd.folder, "kubeconfig");
    await writeFile(cwd.env["KUBECONFIG"], proxy.kubeconfig);
    proxy.fault = () => "pass";
    proxy.requests.length = 0;
    return cwd;
  }

  /** Runs, and does something to the connections for as long as it goes on. */
  async function runWhile(
    cwd: Desk,
    act: () => void,
    interval: number,
  ): Promise<{ record: RunRecord; stderr: string }> {
    const timer = setInterval(act, interval);
    try {
      const { record, answer } = await run(cwd, jobOf(COUNT));
      return { record, stderr: answer.stderr };
    } finally {
      clearInterval(timer);
    }
  }

  const numbersIn = (text: string): string[] => text.split("\n").filter((line) => /^n\d+$/.test(line));

  test("watches and logs that are cut again and again repeat and lose no line, and the run ends as it is", async () => {
    const cwd = await deskBehindProxy();
    let cuts = 0;
    const { record, stderr } = await runWhile(cwd, () => void (cuts += proxy.cutOpen()), 900);
    expect(cuts).toBeGreaterThan(10);
    expect(record).toMatchObject({ status: "succeeded", exitCode: 0 });
    expect(numbersIn(stderr)).toEqual(NUMBERS);
  });

  test("watches whose place has expired list again", async () => {
    const cwd = await deskBehindProxy();
    const expired = new Map<string, number>();
    proxy.fault = ({ url }) => {
      const times = expired.get(url.pathname) ?? 0;
      if (url.searchParams.get("watch") !== "true" || times === 4) return "pass";
      expired.set(url.pathname, times + 1);
      return "gone";
    };
    const { record, stderr } = await runWhile(cwd, () => void proxy.cutOpen(), 2_000);
    expect(record.status).toBe("succeeded");
    expect(numbersIn(stderr)).toEqual(NUMBERS);
    expect(proxy.requests.filter((each) => /GET .*\/pods\?(?!.*watch)/.test(each)).length).toBeGreaterThan(4);
  });

  test("a server that is away for some seconds changes nothing but a warning", async () => {
    const cwd = await deskBehindProxy();
    await cwd.write("job.yaml", jobOf(COUNT));
    const running = cwd.start(["run", "-f", "job.yaml", "-o", "json"]);
    let [out, err] = ["", ""];
    running.stdout!.on("data", (chunk) => (out += String(chunk)));
    running.stderr!.on("data", (chunk) => (err += String(chunk)));
    while (!err.includes("n10")) await sleep(50);
    proxy.fault = () => "cut";
    proxy.cutOpen();
    await sleep(3_000);
    proxy.fault = () => "away";
    await sleep(2_000);
    proxy.fault = () => "pass";
    await once(running, "close");
    const record = JSON.parse(out) as RunRecord;
    expect(record.status).toBe("succeeded");
    expect(record.warnings).toMatchObject([{ code: "CLUSTER_UNANSWERED" }]);
    expect(numbersIn(err)).toEqual(NUMBERS);
  });

  test("a follower of a log loses nothing either, and a reader of another machine sees the same run", async () => {
    const cwd = await deskBehindProxy();
    await cwd.write("job.yaml", jobOf(COUNT));
    const { stdout } = await cwd.bowline(["run", "-f", "job.yaml", "-d"]);
    const uuid = stdout.trim();
    const other = await desk();
    const timer = setInterval(() => proxy.cutOpen(), 1_100);
    const followed = await cwd.bowline(["logs", "-f", uuid]);
    clearInterval(timer);
    expect(numbersIn(followed.stdout)).toEqual(NUMBERS);
    const [mine, theirs] = await Promise.all([cwd, other].map((each) => each.bowline(["ps", "-o", "json"])));
    expect(mine!.stdout).toBe(theirs!.stdout);
    expect(numbersIn((await other.bowline(["logs", uuid])).stdout)).toEqual(NUMBERS);
  });
});
