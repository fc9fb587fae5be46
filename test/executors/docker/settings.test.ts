import { describe, expect, test } from "vitest";
import type { RunRecord } from "../../../src/runs/index.ts";
import { hostSettings } from "../../../src/executors/docker/settings.ts";
import { newDesk } from "../../cli/bowline.ts";
import { planOf } from "../../runs/plans.ts";
import { BUSYBOX, dockerHost, IMAGE, noDocker } from "../../support/index.ts";
import { docker, dockerLeftOf } from "./engine.ts";

const ENV = { DOCKER_HOST: dockerHost };

test("limits and GPUs are asked of the engine by its own names", () => {
  const resources = {
    limits: { cpu: "500m", memory: "64Mi", "nvidia.com/gpu": 2 },
    requests: { cpu: 0.25, memory: "32Mi" },
  };
  const plan = planOf({ image: "i", resources });
  expect(hostSettings(plan.main, plan)).toEqual({
    hostConfig: {
      ...{ NanoCpus: 5e8, CpuShares: 256, Memory: 2 ** 26, MemorySwap: 2 ** 26, MemoryReservation: 2 ** 25 },
      DeviceRequests: [{ Driver: "", Count: 2, Capabilities: [["gpu"]] }],
    },
    ...{ labels: {}, leftOut: [] },
  });
});

async function run(main: string, head = ""): Promise<{ record: RunRecord; log: string[] }> {
  const desk = await newDesk();
  Object.assign(desk.env, ENV);
  await desk.write("job.yaml", `version: 1.1\nkind: component\nrun:\n  kind: job\n${head}  container: ${main}\n`);
  const { stdout } = await desk.bowline(["run", "-f", "job.yaml", "--executor", "docker", "-o", "json"]);
  const record = JSON.parse(stdout) as RunRecord;
  const log = (await desk.bowline(["logs", record.uuid])).stdout.split("\n");
  expect(await dockerLeftOf(record.uuid, ENV)).toEqual([]);
  return { record, log };
}

const why = noDocker === undefined ? "" : ` (skipped: ${noDocker})`;
describe.skipIf(noDocker !== undefined)(`settings of containers in Docker${why}`, () => {
  test("a job that uses up its memory has failed for that reason", async () => {
    const eat = "const kept = []; for (;;) kept.push(Buffer.alloc(2 ** 24, 1));";
    const limits = "resources: {limits: {memory: 64Mi}}";
    const { record } = await run(`{image: "${IMAGE}", command: [node, -e, ${JSON.stringify(eat)}], ${limits}}`);
    expect(record).toMatchObject({ status: "failed", reason: "OOMKilled" });
    expect(record.message).toContain("more memory than its limit");
  });

  test("volumes, host aliases, rights and a read-only root; what only a cluster has is told", async () => {
    const head = `  environment: {hostAliases: [{ip: 127.0.0.1, hostnames: [git.test]}], nodeSelector: {a: b}, labels: {team: x}}
  volumes: [{name: shared, emptyDir: {}}, {name: claimed, persistentVolumeClaim: {claimName: c}}]
  init: [{container: {name: fill, image: "${BUSYBOX}", command: [sh, -c, "echo of-init > /data/file"], volumeMounts: [{name: shared, mountPath: /data}]}}]
`;
    const script =
      "cat /in/file; grep -c git.test /etc/hosts; touch /x 2>/dev/null || echo read-only; touch /in/y 2>/dev/null || echo too; touch /plx-context/artifacts/z && echo writable";
    const main = `{image: "${BUSYBOX}", command: [sh, -c, "${script}"], volumeMounts: [{name: shared, mountPath: /in, readOnly: true}], securityContext: {readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}, livenessProbe: {exec: {command: [true]}}}`;
    const { record, log } = await run(main, head);
    expect(log).toEqual(["of-init", "1", "read-only", "too", "writable", ""]);
    const [warning] = (record.warnings ?? []).filter(({ code }) => code === "NOT_ON_DOCKER");
    for (const part of ["environment.nodeSelector", "livenessProbe", 'the volume "claimed"'])
      expect(warning?.message).toContain(part);
  });

  test("a step that lands outside of /plx-context leaves what the image has beside it", async () => {
    const head = `  init: [{file: {filename: more.conf, content: "new"}, path: /etc}]\n`;
    const { log } = await run(
      `{image: "${BUSYBOX}", command: [sh, -c, "cat /etc/more.conf; echo; grep -c root /etc/passwd"]}`,
      head,
    );
    expect(log).toEqual(["new", "1", ""]);
  });

  test("a command that is not in the image is exit code 127; a port that is taken is told", async () => {
    const { record } = await run(`{image: "${BUSYBOX}", command: [no-such-program]}`);
    expect(record).toMatchObject({ status: "failed", exitCode: 127 });
    const id = await docker(["run", "-d", "--rm", "-p", "127.0.0.1::80", BUSYBOX, "sleep", "60"], ENV);
    const port = (await docker(["port", id, "80"], ENV)).split(":").at(-1) ?? "";
    const taken = await run(`{image: "${BUSYBOX}", command: [sleep, "60"]}`, `  ports: [${port}]\n`);
    await docker(["rm", "-f", id], ENV);
    expect(taken.record).toMatchObject({ status: "failed", errors: [{ code: "RUN_FAILED" }] });
    expect(taken.record.errors?.[0]?.hint).toContain("port");
  });
});
