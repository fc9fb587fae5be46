import { expect, test } from "vitest";
import { IMAGE } from "../../support/index.ts";
import { jobOf, onCluster, TOKEN } from "./cluster-desk.ts";

const LABELS = { "pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/warn": "restricted" };

const CONTAINER =
  "securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, readOnlyRootFilesystem: true}";

onCluster("a restricted namespace", { labels: LABELS }, ({ desk, run }) => {
  test("what we add meets Pod Security, files are the main container's, and git works in it", async () => {
    const cwd = await desk();
    const script = [
      "id -u",
      "stat -c %u:%g README.md",
      "git status --short",
      "git pull -q",
      "echo more > more && git add more && git -c user.name=a -c user.email=b@c commit -qm More",
      "git push -q origin HEAD:refs/heads/from-the-cluster && echo pushed",
      "ls /var/run/secrets/kubernetes.io 2>&1 | grep -c serviceaccount",
      "sh /plx-context/artifacts/words.sh",
    ].join("; ");
    const head = [
      "environment: {securityContext: {runAsNonRoot: true, runAsUser: 4321, runAsGroup: 4322, seccompProfile: {type: RuntimeDefault}}}",
      'init: [{connection: private}, {file: {filename: words.sh, content: "echo words"}}]',
      "connections: [private]",
    ];
    const { record } = await run(
      cwd,
      jobOf(`{image: "${IMAGE}", command: [sh, -c, "${script}"], ${CONTAINER}}`, { head }),
    );
    const { stdout } = await cwd.bowline(["logs", record.uuid]);
    expect(record).toMatchObject({ status: "succeeded", exitCode: 0 });
    expect(stdout.split("\n").slice(0, 5)).toEqual(["4321", "4321:4322", "pushed", "0", "words"]);
  });

  test("a main container that asks for too much is refused, with what to do", async () => {
    const { record, answer } = await run(await desk(), jobOf('{image: "busybox:local", command: [a]}'));
    expect(record).toMatchObject({ status: "failed", reason: "PodSecurity", errors: [{ code: "CLUSTER_REFUSED" }] });
    expect(answer.exitCode).toBe(2);
  });
});

onCluster("users and tokens", {}, ({ desk, run, namespace }) => {
  test.each([
    ["root", "{runAsUser: 0}"],
    ["a user id without a name", "{runAsUser: 77777}"],
    ["the image's own user", "{}"],
  ])("%s writes to the repository, and git takes it for safe", async (_, security) => {
    const script = "git status --short && echo x >> README.md && git commit -qam x && git log --format=%s -1";
    const env =
      "env: [{name: GIT_AUTHOR_NAME, value: a}, {name: GIT_AUTHOR_EMAIL, value: b@c}, {name: GIT_COMMITTER_NAME, value: a}, {name: GIT_COMMITTER_EMAIL, value: b@c}]";
    const container = `{image: "${IMAGE}", command: [sh, -c, "${script}"], ${env}, securityContext: ${security}}`;
    const cwd = await desk();
    const { record } = await run(cwd, jobOf(container, { head: ["init: [{connection: public}]"] }));
    expect((await cwd.bowline(["logs", record.uuid])).stdout).toBe("x\n");
    expect(record.status).toBe("succeeded");
  });

  test("the token is in no object, log or event of a run, and in no container but those that asked for it", async () => {
    const cwd = await desk();
    const head = [
      `init: [{connection: private}, {container: {name: other, image: "${IMAGE}", command: [sh, -c, "env; ls /bowline || true"]}}]`,
      "connections: [private]",
    ];
    const container = `{image: "${IMAGE}", command: [sh, -c, "git pull -q; echo $POLYAXON_GIT_CREDENTIALS; git config --list"]}`;
    const { record, answer } = await run(cwd, jobOf(container, { head }));
    expect(record.status).toBe("succeeded");
    const dry = await cwd.bowline(["run", "-f", "job.yaml", "--dry-run", "-o", "yaml"]);
    expect(dry.exitCode).toBe(0);
    await namespace.kubectl(["apply", "--dry-run=server", "-f", "-"], { input: dry.stdout });
    const selector = ["-l", `bowline/uuid=${record.uuid}`];
    const objects = "jobs,pods,configmaps,services,deployments,events";
    const seen = [
      answer.stdout,
      answer.stderr,
      dry.stdout,
      (await cwd.bowline(["logs", record.uuid, "--all-containers"])).stdout,
      await namespace.kubectl(["describe", "jobs,pods,configmaps", ...selector]),
      await namespace.kubectl(["get", objects, "-o", "yaml"]),
      await namespace.kubectl(["logs", ...selector, "-c", "private"]),
      await namespace.kubectl(["logs", ...selector, "-c", "other"]),
    ];
    const forms = [TOKEN, Buffer.from(TOKEN).toString("base64"), encodeURIComponent(TOKEN)];
    for (const text of seen) for (const form of forms) expect(text).not.toContain(form);
    expect((await cwd.bowline(["logs", record.uuid])).stdout).toContain("***");
  });

  test.each([
    ["a connection's", "{image: i, command: [a]}", ["connections: [private]"]],
    ["a variable's", "{image: i, command: [a], env: [{name: A, valueFrom: {secretKeyRef: {name: git, key: k}}}]}", []],
  ])("a config that nobody trusted lends no Secret of the cluster: %s", async (_, container, head) => {
    const cwd = await desk();
    delete cwd.env["BOWLINE_CONFIG"];
    await cwd.write("job.yaml", jobOf(container, { head }));
    const { stdout, exitCode } = await cwd.bowline(["run", "-f", "job.yaml", "-o", "json"]);
    expect(JSON.parse(stdout)).toMatchObject({ errors: [{ code: "CONFIG_UNTRUSTED" }] });
    expect(exitCode).toBe(2);
  });
});
