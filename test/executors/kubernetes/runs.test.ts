import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { RunRecord } from "../../../src/runs/index.ts";
import { openRuns } from "../../../src/runs/index.ts";
import { IMAGE, type FileSpec } from "../../support/index.ts";
import { plainConfig, planOf, temporaryHome } from "../../runs/plans.ts";
import { startApiProxy } from "./api-proxy.ts";
import { jobOf, onCluster } from "./cluster-desk.ts";

onCluster("runs of a cluster", {}, ({ desk, run, namespace, server }) => {
  test("the code reference comes back whole with 60 submodules", async () => {
    const { commits } = await server().add("public/part");
    const paths = Array.from({ length: 60 }, (_, index) => `parts/with-a-rather-long-name/number-${index}`);
    const gitmodules = paths.map((path) => `[submodule "${path}"]\n\tpath = ${path}\n\turl = ../part\n`).join("");
    const links = paths.map((path): [string, FileSpec] => [path, { submodule: commits["main"]! }]);
    await server().add("public/whole", {
      commits: [{ files: { ".gitmodules": gitmodules, ...Object.fromEntries(links) } }],
    });
    const cwd = await desk();
    const head = [`init: [{git: {url: "${server().url}/public/whole", flags: [--recurse-submodules]}}]`];
    const file = jobOf(`{image: "busybox:local", command: [sh, -c, "ls parts/*"]}`, { head });
    const { record, answer } = await run(cwd, file, ["-n", "team-a"]);
    // who means the namespace by -n sees where the run is
    expect(answer.stderr).toMatch(new RegExp(`^run [0-9a-f]+ {2}team-a {2}in namespace ${namespace.name}$`, "m"));
    expect(record.status).toBe("succeeded");
    expect(record.codeReferences[0]?.submodules?.map(({ path }) => path).sort()).toEqual([...paths].sort());
    const again = JSON.parse((await cwd.bowline(["get", record.uuid, "-o", "json"])).stdout) as RunRecord;
    expect(again.codeReferences).toEqual(record.codeReferences);
    // What our own container says to us is not the log of anybody.
    expect((await cwd.bowline(["logs", record.uuid, "--all-containers"])).stdout).not.toContain('"submodules"');
  });

  test("inside of a pod, with a service account, the same command runs", async () => {
    const { stdout } = await (await desk()).bowline(["doctor", "--executor", "kubernetes"]);
    await namespace.kubectl(["apply", "-f", "-"], { input: stdout.slice(stdout.indexOf("\n---\n")) });
    await namespace.kubectl(["create", "serviceaccount", "runner"]);
    await namespace.kubectl([
      "create",
      "rolebinding",
      "runner",
      "--role=bowline",
      `--serviceaccount=${namespace.name}:runner`,
    ]);
    const cwd = await desk();
    await cwd.write(
      "job.yaml",
      jobOf('{image: "busybox:local", command: [sh, -c, "ls"]}', { head: ["init: [{connection: private}]"] }),
    );
    const config = (await readFile(join(cwd.folder, "bowline.yaml"), "utf8")).replace(
      /executor: .*/,
      "executor: kubernetes",
    );
    await cwd.write("bowline.yaml", config);
    await namespace.kubectl([
      "create",
      "configmap",
      "work",
      `--from-file=${cwd.folder}/job.yaml`,
      `--from-file=${cwd.folder}/bowline.yaml`,
    ]);
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "inside" },
      spec: {
        serviceAccountName: "runner",
        restartPolicy: "Never",
        containers: [
          {
            name: "main",
            image: IMAGE,
            // The cluster keeps both streams as one log, in which a line of progress may come in the middle of the record.
            command: ["sh", "-c", 'exec "$@" 2>/dev/null', "sh", "/usr/local/bin/node", "/opt/bowline/entrypoint.cjs"],
            args: ["run", "-f", "/work/job.yaml", "-o", "json"],
            env: [
              { name: "BOWLINE_CONFIG", value: "/work/bowline.yaml" },
              { name: "BOWLINE_HOME", value: "/tmp/home" },
            ],
            volumeMounts: [{ name: "work", mountPath: "/work" }],
          },
        ],
        volumes: [{ name: "work", configMap: { name: "work" } }],
      },
    };
    await namespace.kubectl(["apply", "-f", "-"], { input: JSON.stringify(pod) });
    await namespace.kubectl(["wait", "pod/inside", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=50s"]);
    const said = await namespace.kubectl(["logs", "inside"]);
    const record = JSON.parse(said.slice(said.indexOf('{\n  "apiVersion"'), said.lastIndexOf("\n}") + 2)) as RunRecord;
    expect(record).toMatchObject({ status: "succeeded", codeReferences: [{ connection: "private", by: "engine" }] });
    const seen = JSON.parse(
      (await cwd.bowline(["get", record.uuid, "-n", namespace.name, "-o", "json"])).stdout,
    ) as RunRecord;
    expect(seen).toEqual(record);
  });

  test("many runs at once are watched by one connection a kind", async () => {
    const proxy = await startApiProxy();
    const home = temporaryHome();
    const config = plainConfig(home);
    const cwd = await desk();
    const kubeconfig = await cwd.write("kubeconfig", proxy.kubeconfig);
    const runs = openRuns({
      config: { ...config, executor: { kind: "kubernetes", namespace: namespace.name }, init: { image: IMAGE } },
      env: { KUBECONFIG: kubeconfig, PATH: process.env["PATH"] },
    });
    const records = await Promise.all(
      Array.from({ length: 20 }, (_, index) => {
        const places = runs.prepare();
        const main = { image: "busybox:local", command: ["sh", "-c", `echo run ${index}; sleep 1`] };
        return runs.start({
          places,
          plan: planOf(main, { artifactsPath: places.artifactsPath, name: `run-${index}` }),
        });
      }),
    );
    expect(records.map(({ status }) => status)).toEqual(records.map(() => "succeeded"));
    const watches = proxy.requests.filter((each) => each.includes("watch=true"));
    for (const kind of ["pods", "jobs", "events", "configmaps"]) {
      expect(watches.filter((each) => each.includes(`/${kind}?`)).length).toBeLessThan(6);
    }
    const listed = (await runs.list()).map(({ uuid }) => uuid);
    expect(listed).toEqual(expect.arrayContaining(records.map(({ uuid }) => uuid)));
    await runs.close();
    await proxy.close();
  }, 180_000);

  test("one delete removes all that a run has made; a restart has the same commit", async () => {
    const cwd = await desk();
    const { record } = await run(
      cwd,
      jobOf('{image: "busybox:local", command: [sh, -c, "ls"]}', { head: ["init: [{connection: public}]"] }),
    );
    await server().add("public/repo2");
    const answer = await cwd.bowline(["restart", record.uuid, "-o", "json"]);
    const again = JSON.parse(answer.stdout) as RunRecord;
    expect(again).toMatchObject({
      restartOf: record.uuid,
      codeReferences: [{ commit: record.codeReferences[0]!.commit }],
    });
    expect((await cwd.bowline(["delete", record.uuid, again.uuid, "-y"])).exitCode).toBe(0);
    const left = async () =>
      namespace.kubectl([
        "get",
        "jobs,pods,configmaps",
        "-l",
        `bowline/uuid in (${record.uuid},${again.uuid})`,
        "-o",
        "name",
      ]);
    for (let waited = 0; waited < 40 && (await left()) !== ""; waited++) await sleep(500);
    expect(await left()).toBe("");
    expect((await cwd.bowline(["get", record.uuid])).exitCode).toBe(3);
  });

  test("a ttl that is over leaves the record, and what was known of its end", async () => {
    const cwd = await desk();
    const { record } = await run(
      cwd,
      jobOf('{image: "busybox:local", command: [sh, -c, "exit 3"]}', { top: ["termination: {ttl: 0}"] }),
    );
    expect(record).toMatchObject({ status: "failed", exitCode: 3 });
    const jobs = async () => namespace.kubectl(["get", "jobs,pods", "-l", `bowline/uuid=${record.uuid}`, "-o", "name"]);
    for (let waited = 0; waited < 40 && (await jobs()) !== ""; waited++) await sleep(500);
    expect(JSON.parse((await cwd.bowline(["get", record.uuid, "-o", "json"])).stdout)).toEqual(record);
    expect((await cwd.bowline(["logs", record.uuid])).exitCode).toBe(0);
  });

  test("a handler of the user's own does the work of git, and what it left is told", async () => {
    const cwd = await desk();
    const script =
      'git clone -q "$BOWLINE_GIT_URL" "$BOWLINE_GIT_PATH" && cd "$BOWLINE_GIT_PATH" && git checkout -q "$BOWLINE_GIT_COMMIT"';
    const head = [
      `init: [{connection: public, container: {name: mine, image: "${IMAGE}", command: [sh, -c, '${script}']}}]`,
    ];
    const { record } = await run(cwd, jobOf('{image: "busybox:local", command: [sh, -c, "ls"]}', { head }));
    expect(record).toMatchObject({ status: "succeeded", codeReferences: [{ connection: "public", by: "handler" }] });
    const names = await namespace.kubectl([
      "get",
      "pods",
      "-l",
      `bowline/uuid=${record.uuid}`,
      "-o",
      "jsonpath={.items[0].spec.initContainers[*].name}",
    ]);
    expect(names.split(" ")[0]).toBe("mine");
  });
});
