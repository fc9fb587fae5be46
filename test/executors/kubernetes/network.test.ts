import { afterAll, beforeAll, expect, test } from "vitest";
import { clusterHost, IMAGE, startGitServer, startProxy, type GitServer, type Proxy } from "../../support/index.ts";
import { jobOf, onCluster } from "./cluster-desk.ts";

const CONTAINER = '{image: "busybox:local", command: [sh, -c, "ls"]}';

/** The cluster has no DNS, and this machine does not know the name either: only a pod that is told can reach the host. */
onCluster("a host that only the cluster reaches", {}, ({ desk, run, namespace }) => {
  let server: GitServer;
  beforeAll(async () => {
    server = await startGitServer({ tls: "good", host: clusterHost });
    await server.add("org/named");
    await namespace.kubectl(["create", "configmap", "authority", `--from-file=root.pem=${server.caFile}`]);
  });
  afterAll(() => server.close());

  const named = (more: string) =>
    `init: {image: "${IMAGE}", hostAliases: [{ip: ${clusterHost}, hostnames: [git.test]}]${more}}\n`;
  const job = () => jobOf(CONTAINER, { head: [`init: [{git: {url: "https://git.test:${server.port}/org/named"}}]`] });

  test("by init.hostAliases and the certificate authority of a config map", async () => {
    const cwd = await desk(named(", ca: {configMap: authority, key: root.pem}"));
    const { record, answer } = await run(cwd, job());
    expect(answer.stderr).not.toContain("error:");
    expect(record).toMatchObject({ status: "succeeded", codeReferences: [{ ref: "refs/heads/main" }] });
    expect((await cwd.bowline(["logs", record.uuid])).stdout).toContain("README.md");
  });

  test("without the authority its certificate is refused, by the engine's own error", async () => {
    const { record, answer } = await run(await desk(named("")), job());
    expect(record.errors).toMatchObject([{ code: "TLS_FAILED", file: "job.yaml", line: 5 }]);
    expect(answer.exitCode).toBe(5);
  });

  test("without the name it is not found", async () => {
    const { record } = await run(await desk(), job());
    expect(record.errors).toMatchObject([{ code: "HOST_NOT_FOUND" }]);
  });
});

onCluster("a proxy on the way", {}, ({ desk, run, server }) => {
  let proxy: Proxy;
  beforeAll(async () => {
    proxy = await startProxy({ host: clusterHost });
  });
  afterAll(() => proxy.close());

  test("the proxy variables of init.env are the git step's", async () => {
    const cwd = await desk(`init: {image: "${IMAGE}", env: [{name: http_proxy, value: "${proxy.url}"}]}\n`);
    const { record } = await run(cwd, jobOf(CONTAINER, { head: ["init: [{connection: public}]"] }));
    expect(record.status).toBe("succeeded");
    expect(proxy.requests.length).toBeGreaterThan(0);
    expect(proxy.requests.every(({ target }) => target.startsWith(server().url))).toBe(true);
  });
});
