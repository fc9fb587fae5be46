import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { parse } from "yaml";
import type { Desk } from "../../cli/bowline.ts";
import { until } from "../../runs/living.ts";
import { IMAGE, kubeconfig, type TestNamespace } from "../../support/index.ts";
import { jobOf, onCluster, TOKEN } from "./cluster-desk.ts";

const WORDS = '{image: "busybox:local", command: [sh, -c, "ls; sleep 1"]}';

onCluster("rights in a namespace", {}, ({ desk, run, namespace }) => {
  test("doctor prints the Role, with which everything works, and one right at a time without which it says so", async () => {
    const cwd = await desk();
    const { stdout, exitCode } = await cwd.bowline(["doctor", "--executor", "kubernetes"]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/Secret git +ok +keys POLYAXON_GIT_CREDENTIALS/);
    expect(stdout).toContain(`image ${IMAGE}`);
    await namespace.kubectl(["apply", "-f", "-"], { input: stdout.slice(stdout.indexOf("\n---\n")) });
    await becomes(cwd, namespace, "bowline");

    const mine = await cwd.bowline(["doctor", "--executor", "kubernetes", "-o", "json"]);
    expect(mine.exitCode).toBe(0);
    const head = ["init: [{connection: private}]", "connections: [private]"];
    const { record } = await run(cwd, jobOf(WORDS, { head }));
    expect(record).toMatchObject({ status: "succeeded", codeReferences: [{ connection: "private", by: "engine" }] });
    expect((await cwd.bowline(["logs", record.uuid])).stdout).toContain("README");
    for (const words of [["ps"], ["get", record.uuid], ["restart", record.uuid, "-d"]]) {
      expect((await cwd.bowline(words)).exitCode).toBe(0);
    }
    const [again = ""] = (await cwd.bowline(["ps", "-q"])).stdout.split("\n");
    expect((await cwd.bowline(["stop", again])).exitCode).toBe(0);
    expect((await cwd.bowline(["delete", again, record.uuid, "-y"])).exitCode).toBe(0);
    const service = `version: 1.1\nkind: component\nrun: {kind: service, ports: [80], container: ${WORDS}}\n`;
    await cwd.write("service.yaml", service);
    const started = await cwd.bowline(["run", "-f", "service.yaml", "-d"]);
    expect(started).toMatchObject({ exitCode: 0 });
    expect((await cwd.bowline(["stop", started.stdout.trim()])).exitCode).toBe(0);
  });

  test("who may not read Secrets runs all the same: a pod in the cluster pins", async () => {
    const cwd = await desk();
    await roleWithout(namespace, "no-secrets", ({ resources }) => resources.includes("secrets"));
    await becomes(cwd, namespace, "no-secrets");
    const doctor = await cwd.bowline(["doctor", "--executor", "kubernetes", "-o", "json"]);
    expect(doctor.exitCode).toBe(0);
    expect(doctor.stdout).toContain("revisions are pinned by a pod in the cluster");

    const head = ["init: [{connection: private, git: {revision: branchA}}]", "connections: [private]"];
    const script = "git pull -q && git rev-parse HEAD";
    const { record } = await run(cwd, jobOf(`{image: "${IMAGE}", command: [sh, -c, "${script}"]}`, { head }));
    expect(record).toMatchObject({
      status: "succeeded",
      codeReferences: [{ connection: "private", revision: "branchA", ref: "refs/heads/branchA" }],
    });
    expect((await cwd.bowline(["logs", record.uuid])).stdout).toContain(record.codeReferences[0]?.commit);
    expect(await namespace.kubectl(["get", "pods", "-l", "bowline/role=pin", "-o", "name"])).toBe("");

    const refused = await run(cwd, jobOf(WORDS, { head: ["init: [{connection: private, git: {revision: nope}}]"] }));
    expect(refused.record.errors).toMatchObject([{ code: "GIT_REVISION_NOT_FOUND", line: 5, connection: "private" }]);
    expect(refused.answer.exitCode).toBe(3);
  });

  test("what keeps the pod that pins from starting ends the run", async () => {
    const cwd = await desk();
    await roleWithout(namespace, "no-reading", ({ resources }) => resources.includes("secrets"));
    await becomes(cwd, namespace, "no-reading");
    const init = "init: [{connection: private}]";
    const nowhere = await run(cwd, jobOf(WORDS, { head: [init, "environment: {nodeSelector: {disk: none}}"] }));
    expect(nowhere.record.errors).toMatchObject([{ code: "RUN_UNSCHEDULABLE", line: 5 }]);
    const config = await readFile(join(cwd.folder, "bowline.yaml"), "utf8");
    await cwd.write("bowline.yaml", config.replace("secret: {name: git}", "secret: {name: elsewhere}"));
    const missing = await run(cwd, jobOf(WORDS, { head: [init] }));
    expect(missing.record.errors).toMatchObject([{ code: "SECRET_NOT_FOUND", line: 5 }]);
    expect(missing.answer.exitCode).toBe(3);
    expect(await namespace.kubectl(["get", "pods", "-l", "bowline/role=pin", "-o", "name"])).toBe("");
  });

  test("a pod that pins goes with its run when its client was killed", async () => {
    const cwd = await desk();
    await roleWithout(namespace, "no-look", ({ resources }) => resources.includes("secrets"));
    await becomes(cwd, namespace, "no-look");
    const head = ["init: [{connection: private}]", "environment: {nodeSelector: {disk: none}}"];
    await cwd.write("job.yaml", jobOf(WORDS, { head }));
    const child = cwd.start(["run", "-f", "job.yaml"]);
    const left = () => namespace.kubectl(["get", "pods", "-l", "bowline/role=pin", "-o", "name"]);
    await until(async () => (await left()) !== "");
    child.kill("SIGKILL");
    const [uuid = ""] = (await cwd.bowline(["ps", "-q"])).stdout.split("\n");
    await namespace.kubectl(["delete", "configmap", `bowline-${uuid}`]);
    await until(async () => (await left()) === "");
  });

  test("without events the run goes on, with a warning; without Jobs it is refused and says which right is missing", async () => {
    const cwd = await desk();
    await roleWithout(namespace, "no-events", ({ resources }) => resources.includes("events"));
    await becomes(cwd, namespace, "no-events");
    const { record } = await run(cwd, jobOf(WORDS));
    expect(record.status).toBe("succeeded");
    expect(record.warnings).toMatchObject([{ code: "EVENTS_NOT_READ" }]);

    await roleWithout(namespace, "no-jobs", ({ resources }) => resources.includes("jobs"));
    await becomes(cwd, namespace, "no-jobs");
    const refused = await run(cwd, jobOf(WORDS));
    expect(refused.record.errors).toMatchObject([{ code: "CLUSTER_FORBIDDEN" }]);
    expect(refused.answer.exitCode).toBe(4);
    const doctor = await cwd.bowline(["doctor", "--executor", "kubernetes"]);
    expect(doctor.exitCode).toBe(2);
    expect(doctor.stdout).toMatch(/create jobs +wrong +not allowed/);
  });

  test("a Secret of the catalog that is missing, and a namespace that lacks everything, are findings", async () => {
    const cwd = await desk();
    const text = await readFile(join(cwd.folder, "bowline.yaml"), "utf8");
    await cwd.write("bowline.yaml", text.replace("secret: {name: git}", "secret: {name: not-there}"));
    const { stdout, stderr, exitCode } = await cwd.bowline([
      "doctor",
      "--executor",
      "kubernetes",
      "-n",
      namespace.name,
    ]);
    expect(exitCode).toBe(2);
    expect(stdout).toMatch(/Secret not-there +wrong +not in the namespace; connection "private" needs it/);
    expect(stderr).toContain("bowline secrets set not-there");
  });

  test("secrets are put into the cluster, listed and removed there; connections are checked from there", async () => {
    const cwd = await desk();
    const set = ["secrets", "set", "typed", "POLYAXON_GIT_CREDENTIALS"];
    expect((await cwd.bowline(set, { input: `${TOKEN}\n` })).exitCode).toBe(0);
    const stored = await namespace.kubectl([
      "get",
      "secret",
      "typed",
      "-o",
      "jsonpath={.data.POLYAXON_GIT_CREDENTIALS}",
    ]);
    expect(Buffer.from(stored, "base64").toString()).toBe(TOKEN);
    const listed = await cwd.bowline(["secrets", "ls", "-o", "json"]);
    expect(JSON.parse(listed.stdout)).toContainEqual({
      kind: "secret",
      name: "typed",
      keys: ["POLYAXON_GIT_CREDENTIALS"],
    });
    expect(listed.stdout).not.toContain(TOKEN);
    expect((await cwd.bowline(["secrets", "ls", "--store", "local", "-o", "json"])).stdout.trim()).toBe("[]");

    const manifest = (data: string) => `apiVersion: v1\nkind: Secret\nmetadata: {name: applied}\nstringData: ${data}\n`;
    await cwd.bowline(["secrets", "apply", "-f", "-"], { input: manifest("{a: first, b: second}") });
    await cwd.bowline(["secrets", "apply", "-f", "-"], { input: manifest("{b: other}") });
    const data = await namespace.kubectl(["get", "secret", "applied", "-o", "jsonpath={.data}"]);
    expect(JSON.parse(data)).toEqual({ b: Buffer.from("other").toString("base64") });
    expect((await cwd.bowline(["secrets", "rm", "typed", "-y"])).exitCode).toBe(0);
    const gone = await cwd.bowline(["secrets", "rm", "typed", "-y"]);
    expect(gone).toMatchObject({ exitCode: 3 });

    const checked = await cwd.bowline(["connections", "check", "private", "-o", "json"]);
    expect(JSON.parse(checked.stdout)).toMatchObject({ ref: "refs/heads/main", protocol: "v2" });
    const wrong = await cwd.bowline(["connections", "check", "private", "--revision", "nope", "-o", "json"]);
    expect(wrong.exitCode).toBe(3);
    expect(await namespace.kubectl(["get", "pods", "-l", "bowline/role=check", "-o", "name"])).toBe("");
  });
});

const execute = promisify(execFile);

/** Gives the desk a kubeconfig of a service account that has the Role of this name, and nothing else. */
async function becomes(desk: Desk, { name, kubectl }: TestNamespace, role: string): Promise<void> {
  await kubectl(["create", "serviceaccount", role]);
  await kubectl(["create", "rolebinding", role, `--role=${role}`, `--serviceaccount=${name}:${role}`]);
  const token = (await kubectl(["create", "token", role])).trim();
  const { stdout } = await execute("kubectl", ["--kubeconfig", kubeconfig, "config", "view", "--raw", "-o", "json"]);
  const whole = JSON.parse(stdout) as { users: { name: string }[] };
  const users = whole.users.map((user) => ({ name: user.name, user: { token } }));
  const file = join(desk.folder, `${role}.kubeconfig`);
  await writeFile(file, JSON.stringify({ ...whole, users }), { mode: 0o600 });
  desk.env["KUBECONFIG"] = file;
}

interface Rule {
  resources: string[];
}

/** The Role that doctor prints, without some of its rules. */
async function roleWithout({ kubectl }: TestNamespace, name: string, drop: (rule: Rule) => boolean): Promise<void> {
  const role = parse(await kubectl(["get", "role", "bowline", "-o", "yaml"])) as {
    apiVersion: string;
    kind: string;
    rules: Rule[];
  };
  const rules = role.rules.filter((rule) => !drop(rule));
  const input = JSON.stringify({ apiVersion: role.apiVersion, kind: role.kind, metadata: { name }, rules });
  await kubectl(["apply", "-f", "-"], { input });
}
