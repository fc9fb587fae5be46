import { get } from "node:http";
import { expect, test } from "vitest";
import { until } from "../../../runs/living.ts";
import { artifactsOf, job, TOKEN, type Subject } from "../subject.ts";

const FOREVER = "while :; do sleep 0.1; done";

/** Containers besides the main one: the user's own init containers, sidecars, services. */
export function containerCases(subject: Subject): void {
  const { harness } = subject;
  const asProcess = "no images" in harness.otherwise;

  async function deskWithRepository() {
    const url = `${subject.server().url}/org/test`;
    const desk = await subject.desk([`{name: repo-test, kind: git, schema: {url: "${url}"}, secret: {name: s}}`]);
    await harness.setSecret(desk, "s", { POLYAXON_GIT_CREDENTIALS: TOKEN });
    return desk;
  }

  test("a custom init container does the work of git by its own command, and its name is kept", async () => {
    const desk = await deskWithRepository();
    const script =
      'git clone -q "$BOWLINE_GIT_URL" "$BOWLINE_GIT_PATH"; git -C "$BOWLINE_GIT_PATH" checkout -q "$BOWLINE_GIT_COMMIT"; echo $BOWLINE_GIT_REVISION $BOWLINE_GIT_REF $BOWLINE_PLAIN_HTTP_HOSTS';
    const container = `{name: my-own, image: "${harness.images.git}", command: [sh, -ec, ${JSON.stringify(script)}]}`;
    const head = [
      `init: [{connection: repo-test, git: {revision: branchA}, container: ${container}}]`,
      `environment: ${harness.reaching}`,
    ];
    const record = await subject.succeeds(desk, job(subject, { script: "cat .git/HEAD", head }));
    expect(record.logs).toContain("init/my-own");
    expect(await subject.log(desk, record, "init/my-own")).toContain(`branchA refs/heads/branchA ${harness.host}`);
    expect((await subject.log(desk, record)).split("\n")).toHaveLength(1);
    expect(record.codeReferences).toMatchObject([
      { connection: "repo-test", by: "handler", path: `${artifactsOf(subject, desk, record)}/repo-test` },
    ]);
  });

  test("an image alone: its own entrypoint does the work", async () => {
    const desk = await deskWithRepository();
    const head = [
      `init: [{connection: repo-test, container: {name: ours, image: "${harness.images.git}"}}]`,
      `environment: ${harness.reaching}`,
    ];
    const record = await subject.succeeds(desk, job(subject, { script: "ls .git/HEAD", head }));
    expect(await subject.log(desk, record)).toBe(".git/HEAD");
    // Where no image can be run, the engine does it and says so.
    expect(record.codeReferences[0]?.by).toBe(asProcess ? "engine" : "handler");
    const warned = (record.warnings ?? []).map(({ code }) => code);
    expect(warned.includes("NOT_ON_PROCESS")).toBe(asProcess);
  });

  test("an init container that fails is the run's failure, with its name, and nothing after it runs", async () => {
    const desk = await subject.desk();
    const image = harness.images.shell;
    const head = [
      "init:",
      `  - {container: {name: fine, image: "${image}", command: [sh, -c, "echo 1 > {{ globals.artifacts_path }}/seen"]}}`,
      `  - {container: {name: broken, image: "${image}", command: [sh, -c, "cat {{ globals.artifacts_path }}/seen; exit 9"]}}`,
      `  - {container: {name: never, image: "${image}", command: [echo, never]}}`,
    ];
    const { record, answer } = await subject.run(desk, job(subject, { script: "echo main", head }));
    expect(record).toMatchObject({ status: "failed", errors: [{ code: "RUN_FAILED", line: 7 }] });
    expect(record.message).toContain('"broken" ended with exit code 9');
    expect(answer.exitCode).toBe(1);
    expect(record.logs).not.toContain("init/never");
    expect(record.logs).not.toContain("main");
    expect(await subject.log(desk, record, "init/broken")).toBe("1");
    expect(await harness.leftOf(record.uuid)).toEqual([]);
  });

  test("a sidecar shares the network and the folders of the main container, and ends with it", async () => {
    const desk = await subject.desk();
    const image = harness.images.git;
    const serve = "require('http').createServer((_, r) => r.end('from beside')).listen(18099, '127.0.0.1')";
    const fetched =
      "const t=()=>fetch('http://127.0.0.1:18099').then(r=>r.text()).then(console.log,()=>setTimeout(t,100));t()";
    const head = [`sidecars: [{name: web, image: "${image}", command: [node, -e, ${JSON.stringify(serve)}]}]`];
    const file = job(subject, { script: `node -e ${JSON.stringify(fetched)}`, image, head });
    const record = await subject.succeeds(desk, file);
    expect(await subject.log(desk, record)).toBe("from beside");
    expect(await harness.leftOf(record.uuid)).toEqual([]);
  });

  test("a service: its port answers on this machine, as many copies run as are asked for, and stop ends all", async () => {
    const desk = await subject.desk();
    const image = harness.images.git;
    const port = 18100 + Math.floor(Math.random() * 800);
    const serve = `require('http').createServer((_, r) => r.end('served')).listen(${port}); console.log('copy '+'is up')`;
    const file = `version: 1.1
kind: component
run:
  kind: service
  ports: [${port}]
  replicas: 2
  container: {image: "${image}", command: [node, -e, ${JSON.stringify(serve)}]}
`;
    const record = await subject.detached(desk, file);
    const copies = "no replicas" in harness.otherwise ? 1 : 2;
    await until(async () => {
      const { stdout } = await desk.bowline(["logs", record.uuid, "--all-containers"]);
      return stdout.split("copy is up").length - 1 >= copies;
    });
    if (harness.executor !== "kubernetes") expect(await until(() => body(`http://127.0.0.1:${port}/`))).toBe("served");
    expect((await desk.bowline(["stop", record.uuid, "-y"])).exitCode).toBe(0);
    const ended = await subject.recordOf(desk, ["get", record.uuid, "-o", "json"]);
    expect(ended).toMatchObject({ kind: "service", status: "stopped" });
    expect(await harness.leftOf(record.uuid)).toEqual([]);
  });

  test("a service that exits is started again up to maxRetries, then it has failed", async () => {
    const desk = await subject.desk();
    const file = job(subject, { script: "echo up; exit 0", top: "termination: {maxRetries: 1}" });
    const service = file.replace("kind: job", "kind: service");
    if (harness.otherwise["service without end"] !== undefined) {
      const record = await subject.detached(desk, service);
      const now = () => subject.recordOf(desk, ["get", record.uuid, "-o", "json"]);
      await until(async () => (await now()).reason === "CrashLoopBackOff");
      // Of the starts before, a cluster keeps the last one's log.
      expect(await subject.log(desk, record)).toMatch(/^up(\nup)?$/);
      await desk.bowline(["stop", record.uuid, "-y"]);
      expect((await now()).status).toBe("stopped");
      return;
    }
    const { record } = await subject.run(desk, service);
    expect(record).toMatchObject({ kind: "service", status: "failed", exitCode: 0 });
    expect(await subject.log(desk, record)).toBe("up\nup");
  }, 120_000);

  test("a service without end stays until it is stopped", async () => {
    const desk = await subject.desk();
    const file = job(subject, { script: `echo re''ady; ${FOREVER}` }).replace("kind: job", "kind: service");
    const record = await subject.detached(desk, file);
    await until(async () => (await subject.log(desk, record)) === "ready");
    expect(await subject.recordOf(desk, ["get", record.uuid, "-o", "json"])).toMatchObject({ status: "running" });
    await desk.bowline(["stop", record.uuid, "-y"]);
    expect(await harness.leftOf(record.uuid)).toEqual([]);
  });

  test("a main container without an image or command is an error with its line", async () => {
    const desk = await subject.desk();
    const container = asProcess ? `{image: "${harness.images.shell}"}` : "{command: [sh, -c, true]}";
    const path = await desk.write(
      "bare.yaml",
      `version: 1.1\nkind: component\nrun:\n  kind: job\n  container: ${container}\n`,
    );
    const { stdout, exitCode } = await desk.bowline(["run", "-f", path, "-o", "json"]);
    expect(JSON.parse(stdout)).toMatchObject({ errors: [{ code: "CONTAINER_MISSING", line: 5 }] });
    expect(exitCode).toBe(2);
  });
}

function body(url: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    get(url, (answer) => {
      let text = "";
      answer.on("data", (chunk) => (text += String(chunk)));
      answer.on("end", () => resolve(text));
    }).on("error", () => resolve(undefined));
  });
}
