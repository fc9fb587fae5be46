import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Desk } from "../../cli/bowline.ts";
import { IMAGE } from "../../support/index.ts";
import { jobOf, onCluster } from "./cluster-desk.ts";

const SHELL = 'image: "busybox:local", command: [sh, -c, "echo hi"]';

/** What the cluster says of trouble is the run's reason, and its error where it never started. */
onCluster("reasons of a cluster", {}, ({ desk, run, namespace }) => {
  test.each([
    ["an image that is not there", `{image: "nosuch:1", command: [a]}`, "ErrImagePull", "IMAGE_NOT_PULLED", 1],
    [
      "an image's name that cannot be one",
      `{image: "NOT//one", command: [a]}`,
      "InvalidImageName",
      "IMAGE_NOT_PULLED",
      1,
    ],
    [
      "a Secret that is not there",
      `{${SHELL}, env: [{name: A, valueFrom: {secretKeyRef: {name: nope, key: k}}}]}`,
      "SecretMissing",
      "SECRET_NOT_FOUND",
      3,
    ],
    [
      "a key that is not in its Secret",
      `{${SHELL}, env: [{name: A, valueFrom: {secretKeyRef: {name: git, key: k}}}]}`,
      "KeyMissing",
      "SECRET_NOT_FOUND",
      3,
    ],
  ])("%s", async (_, container, reason, code, exitCode) => {
    const { record, answer } = await run(await desk(), jobOf(container));
    expect(record).toMatchObject({ status: "failed", reason, errors: [{ code, file: "job.yaml", line: 5 }] });
    expect(answer.exitCode).toBe(exitCode);
    expect(await namespace.running(record.uuid)).toEqual([]);
  });

  test("a Secret that a volume mounts and that is not there", async () => {
    const head = ["volumes: [{name: v, secret: {secretName: nope}}]"];
    const { record } = await run(await desk(), jobOf(`{${SHELL}, volumeMounts: [{name: v, mountPath: /v}]}`, { head }));
    expect(record).toMatchObject({ status: "failed", reason: "SecretMissing" });
    expect(record.message).toContain('"nope"');
  });

  test("a Secret of a git step that is not there", async () => {
    const cwd = await desk();
    await edit(cwd, "secret: {name: git}", "secret: {name: elsewhere}");
    const { record, answer } = await run(cwd, jobOf(`{${SHELL}}`, { head: ["init: [{connection: private}]"] }));
    expect(record.errors).toMatchObject([{ code: "SECRET_NOT_FOUND", connection: "private" }]);
    expect(record.errors?.[0]?.hint).toContain("--store kubernetes");
    expect(answer.exitCode).toBe(3);
  });

  test("no node that fits is the reason at once, and the end when no node is being made", async () => {
    const cwd = await desk();
    await cwd.write("job.yaml", jobOf(`{${SHELL}}`, { head: ["environment: {nodeSelector: {disk: none}}"] }));
    const { stdout } = await cwd.bowline(["run", "-f", "job.yaml", "-d", "-o", "json"]);
    const { uuid } = JSON.parse(stdout) as { uuid: string };
    const seen: string[] = [];
    for (;;) {
      const { stdout: got } = await cwd.bowline(["get", uuid, "-o", "json"]);
      const { status, reason } = JSON.parse(got) as { status: string; reason?: string };
      seen.push(`${status} ${reason}`);
      if (status === "failed") break;
    }
    expect(seen).toContain("scheduled Unschedulable");
    expect(seen.at(-1)).toBe("failed Unschedulable");
  });

  test("memory", async () => {
    const script = "x=a; while :; do x=$x$x; done";
    const { record } = await run(
      await desk(),
      jobOf(`{image: "busybox:local", command: [sh, -c, "${script}"], resources: {limits: {memory: 20Mi}}}`),
    );
    expect(record).toMatchObject({ status: "failed", reason: "OOMKilled", exitCode: 137 });
    expect(record.message).toContain("20Mi");
  });

  test("the engine's own error of a git step, with its place", async () => {
    const cwd = await desk();
    // Its commit is pinned before; what fails is the step itself, in the pod.
    await edit(cwd, "policy: {", "policy: {maxFiles: 1, ");
    const { record, answer } = await run(cwd, jobOf(`{${SHELL}}`, { head: ["init: [{connection: public}]"] }));
    expect(record.errors).toMatchObject([{ code: "GIT_TOO_LARGE", file: "job.yaml", line: 5, connection: "public" }]);
    expect(record.reason).toBe("GIT_TOO_LARGE");
    expect(answer.exitCode).toBe(2);
  });

  test("the exit code of a custom init container", async () => {
    const head = [`init: [{container: {name: mine, image: "busybox:local", command: [sh, -c, "echo no; exit 7"]}}]`];
    const { record } = await run(await desk(), jobOf(`{${SHELL}}`, { head }));
    expect(record.errors).toMatchObject([{ code: "RUN_FAILED" }]);
    expect(record.message).toContain("exit code 7");
    expect(record.logs).toEqual(["init/mine"]);
  });

  test("the time that is over, of a job with attempts left", async () => {
    const top = ["termination: {timeout: 3, maxRetries: 2}"];
    const { record, answer } = await run(
      await desk(),
      jobOf('{image: "busybox:local", command: [sh, -c, "trap exit TERM; while :; do sleep 0.2; done"]}', { top }),
    );
    expect(record).toMatchObject({ status: "failed", reason: "Timeout", errors: [{ code: "RUN_TIMEOUT" }] });
    expect(answer.exitCode).toBe(124);
  });

  test("the time that is over, of a job without retries: its log is kept for whoever asks later", async () => {
    const cwd = await desk();
    const { record, answer } = await run(
      cwd,
      jobOf(
        '{image: "busybox:local", command: [sh, -c, "trap \\"echo bye; exit 9\\" TERM; while :; do sleep 0.2; done"]}',
        {
          top: ["termination: {timeout: 3}"],
        },
      ),
    );
    expect(record).toMatchObject({
      status: "failed",
      reason: "Timeout",
      errors: [{ code: "RUN_TIMEOUT" }],
      exitCode: 9,
    });
    expect(answer.exitCode).toBe(124);
    expect((await cwd.bowline(["logs", record.uuid])).stdout).toContain("bye");
  });

  test("a pod that somebody deletes", async () => {
    const cwd = await desk();
    await cwd.write("job.yaml", jobOf('{image: "busybox:local", command: [sh, -c, "sleep 100"]}'));
    const running = cwd.bowline(["run", "-f", "job.yaml", "-o", "json"]);
    let pod = "";
    while (pod === "") {
      const pods = await namespace.kubectl([
        "get",
        "pods",
        "-l",
        "bowline/role=run",
        "-o",
        "name",
        "--field-selector=status.phase=Running",
      ]);
      pod = pods.split("\n")[0] ?? "";
    }
    await namespace.kubectl(["delete", pod, "--grace-period=1"]);
    const record = JSON.parse((await running).stdout) as { status: string; reason: string };
    expect(record).toMatchObject({ status: "failed", reason: "PodDeleted" });
  });

  test("an init image that the cluster does not have", async () => {
    const cwd = await desk('init: {image: "bowline:none"}\n');
    const { record } = await run(
      cwd,
      jobOf(`{image: "${IMAGE}", command: [a]}`, { head: ["init: [{connection: public}]"] }),
    );
    expect(record.errors?.[0]).toMatchObject({ code: "IMAGE_NOT_PULLED" });
    expect(record.errors?.[0]?.hint).toContain("init.image");
  });
});

onCluster("quota of a namespace", {}, ({ desk, run, namespace }) => {
  test("quota 0 is the reason at once; a quota that others use up is waited for", async () => {
    await namespace.kubectl(["create", "quota", "none", "--hard=pods=0"]);
    const refused = await run(await desk(), jobOf(`{${SHELL}}`));
    expect(refused.record).toMatchObject({
      status: "failed",
      reason: "QuotaExceeded",
      errors: [{ code: "CLUSTER_REFUSED" }],
    });
    expect(refused.answer.exitCode).toBe(2);

    await namespace.kubectl(["patch", "quota", "none", "--type=merge", "-p", '{"spec":{"hard":{"pods":"1"}}}']);
    await namespace.kubectl(["run", "other", "--image=busybox:local", "--restart=Never", "--", "sleep", "100"]);
    const cwd = await desk();
    await cwd.write("job.yaml", jobOf(`{${SHELL}}`));
    const { stdout } = await cwd.bowline(["run", "-f", "job.yaml", "-d", "-o", "json"]);
    const { uuid } = JSON.parse(stdout) as { uuid: string };
    const get = async () =>
      JSON.parse((await cwd.bowline(["get", uuid, "-o", "json"])).stdout) as { status: string; reason?: string };
    let now = await get();
    while (now.reason === undefined) now = await get();
    expect(now).toMatchObject({ status: "scheduled", reason: "QuotaExceeded" });
    await namespace.kubectl(["delete", "pod", "other", "--grace-period=0", "--force"]);
    const { exitCode } = await cwd.bowline(["logs", "-f", uuid]);
    expect(exitCode).toBe(0);
  });
});

/** Changes the desk's config. */
async function edit(desk: Desk, from: string, to: string): Promise<void> {
  const text = await readFile(join(desk.folder, "bowline.yaml"), "utf8");
  await desk.write("bowline.yaml", text.replace(from, to));
}
