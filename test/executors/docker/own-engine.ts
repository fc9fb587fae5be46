import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { until } from "../../runs/living.ts";
import { temporaryFolder } from "../../support/index.ts";
import { docker } from "./engine.ts";

/** An engine of the test's own, which may be ended and started again. */
export interface OwnEngine {
  host: string;
  /** Where it has its images, containers and volumes. */
  data: string;
  start: () => Promise<void>;
  stop: () => Promise<void>;
  /** Ends it with everything that it has. */
  close: () => Promise<void>;
}

/**
 * A dockerd beside the machine's, in a network namespace of its own. `liveRestore`: its containers go on without it. `mebibytes`: the size of
 * the disk that it has for its data.
 */
export async function ownEngine({
  liveRestore,
  mebibytes,
}: {
  liveRestore: boolean;
  mebibytes?: number;
}): Promise<OwnEngine> {
  // A socket's path may have 107 letters.
  const folder = join(await temporaryFolder(), "e");
  await mkdir(folder);
  const host = `unix://${folder}/s`;
  const data = join(folder, "data");
  if (mebibytes !== undefined) {
    await mkdir(data);
    await execa("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", data]);
  }
  let daemon: ChildProcess | undefined;

  async function start(): Promise<void> {
    const words = ["--data-root", data, "--exec-root", `${folder}/run`, "--pidfile", `${folder}/pid`, "-H", host];
    const quiet = ["--bridge=none", "--iptables=false", "--ip6tables=false", `--live-restore=${liveRestore}`];
    // In a network of its own: without a bridge it would take away the one of the machine's engine.
    daemon = spawn("unshare", ["--net", "dockerd", ...words, ...quiet], { stdio: "ignore", detached: true });
    await until(
      async () => (await execa("docker", ["version"], { env: { DOCKER_HOST: host }, reject: false })).exitCode === 0,
    );
  }

  async function stop(): Promise<void> {
    if (daemon === undefined || daemon.exitCode !== null) return;
    const ended = once(daemon, "exit");
    daemon.kill("SIGTERM");
    await ended;
  }

  async function close(): Promise<void> {
    const ids = (await docker(["ps", "-aq"], { DOCKER_HOST: host })).split("\n").filter((id) => id !== "");
    if (ids.length > 0) await docker(["rm", "-f", ...ids], { DOCKER_HOST: host });
    await stop();
    for (const place of mountsBelow(folder)) await execa("umount", ["-l", place], { reject: false });
    await rm(folder, { recursive: true, force: true });
  }

  await start();
  return { host, data, start, stop, close };
}

/** What the engine left mounted below its folder, the deepest first. */
function mountsBelow(folder: string): string[] {
  const places = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "");
  return places
    .filter((place) => place.startsWith(folder))
    .sort()
    .reverse();
}
