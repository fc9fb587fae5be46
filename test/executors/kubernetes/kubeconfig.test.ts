import { chmod, mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openKubeApi } from "../../../src/executors/kubernetes/api/kube-api.ts";
import { loadAccess } from "../../../src/executors/kubernetes/api/kubeconfig.ts";
import { BowlineError } from "../../../src/lib/index.ts";
import { temporaryFolder } from "../../support/index.ts";

interface Parts {
  user?: object;
  cluster?: object;
  context?: object;
}

/** A kubeconfig of one cluster, user and context, as a file of its own folder. */
async function kubeconfig({ user = {}, cluster = {}, context = {} }: Parts): Promise<{ folder: string; file: string }> {
  const folder = await temporaryFolder();
  const file = join(folder, "config");
  const text = {
    clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:1", ...cluster } }],
    users: [{ name: "u", user }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u", ...context } }],
    "current-context": "x",
  };
  await writeFile(file, JSON.stringify(text));
  return { folder, file };
}

test.each([
  ["a token", { token: "abc" }, "Bearer abc"],
  ["user and password", { username: "ada", password: "pw" }, `Basic ${Buffer.from("ada:pw").toString("base64")}`],
])("%s", async (_, user, authorization) => {
  const { file } = await kubeconfig({ user });
  const access = await loadAccess({ env: { KUBECONFIG: file } });
  expect((await access.credentials()).headers).toEqual({ authorization });
});

test("a token file is read for each request, relative to its kubeconfig", async () => {
  const { folder, file } = await kubeconfig({ user: { tokenFile: "token" } });
  await writeFile(join(folder, "token"), "first\n");
  const access = await loadAccess({ env: { KUBECONFIG: file } });
  expect((await access.credentials()).headers).toEqual({ authorization: "Bearer first" });
  await writeFile(join(folder, "token"), "second\n");
  expect((await access.credentials()).headers).toEqual({ authorization: "Bearer second" });
});

test("certificates are taken inline and from files; namespace, proxy and server name from their places", async () => {
  const { folder, file } = await kubeconfig({
    user: {
      "client-certificate-data": Buffer.from("CERT").toString("base64"),
      "client-key": "key.pem",
      as: "bob",
      "as-groups": ["a", "b"],
    },
    cluster: { "certificate-authority": "ca.pem", "tls-server-name": "api.test", "proxy-url": "http://proxy:1" },
    context: { namespace: "team" },
  });
  await writeFile(join(folder, "key.pem"), "KEY");
  await writeFile(join(folder, "ca.pem"), "CA");
  const access = await loadAccess({ env: { KUBECONFIG: file } });
  expect(access).toMatchObject({
    namespace: "team",
    context: "x",
    proxy: "http://proxy:1",
    tls: { servername: "api.test" },
  });
  expect(String(access.tls.ca)).toBe("CA");
  const { cert, key, headers } = await access.credentials();
  expect([String(cert), String(key)]).toEqual(["CERT", "KEY"]);
  expect(headers).toEqual({ "impersonate-user": "bob", "impersonate-group": ["a", "b"] });
  expect((await loadAccess({ env: { KUBECONFIG: file }, namespace: "other" })).namespace).toBe("other");
});

test("an exec plugin is asked once until its answer expires or is refused, and its failure says why", async () => {
  const { folder, file } = await kubeconfig({
    user: {
      exec: {
        apiVersion: "client.authentication.k8s.io/v1",
        command: "./plugin",
        args: ["a"],
        env: [{ name: "P", value: "v" }],
      },
    },
  });
  const plugin = join(folder, "plugin");
  const answer =
    '{"status": {"token": "\'$1-$P-$(wc -l < "$0.count")\'", "expirationTimestamp": "2999-01-01T00:00:00Z"}}';
  await writeFile(plugin, `#!/bin/sh\necho >> "$0.count"\necho '${answer}'\n`);
  await chmod(plugin, 0o700);
  const access = await loadAccess({ env: { KUBECONFIG: file, PATH: process.env["PATH"] } });
  const token = async (refresh = false) => (await access.credentials({ refresh })).headers["authorization"];
  expect(await token()).toBe("Bearer a-v-1");
  expect(await token()).toBe("Bearer a-v-1");
  expect(await token(true)).toBe("Bearer a-v-2");
  await writeFile(plugin, "#!/bin/sh\necho 'log in first' >&2\nexit 1\n");
  await expect(token(true)).rejects.toMatchObject({
    code: "EXECUTOR_ABSENT",
    message: expect.stringContaining("log in first"),
  });
});

test("of several files the first to define a name wins", async () => {
  const one = await kubeconfig({ context: { namespace: "one" } });
  const two = await kubeconfig({ context: { namespace: "two" } });
  const access = await loadAccess({ env: { KUBECONFIG: `/does/not/exist:${one.file}:${two.file}` } });
  expect(access.namespace).toBe("one");
});

test.each([
  ["no kubeconfig at all", {}, undefined, "no kubeconfig"],
  ["a file that is not there", { KUBECONFIG: "/does/not/exist" }, undefined, "names no file"],
])("%s is an absent executor", async (_, env, context, words) => {
  await expect(loadAccess({ env, context })).rejects.toMatchObject({
    code: "EXECUTOR_ABSENT",
    message: expect.stringContaining(words),
  });
});

test("an unknown context is told with those that there are, an auth-provider with what to use", async () => {
  const { file } = await kubeconfig({});
  await expect(loadAccess({ env: { KUBECONFIG: file }, context: "xx" })).rejects.toMatchObject({
    code: "EXECUTOR_ABSENT",
  });
  const old = await kubeconfig({ user: { "auth-provider": { name: "oidc" } } });
  await expect(loadAccess({ env: { KUBECONFIG: old.file } })).rejects.toMatchObject({
    hint: expect.stringContaining("exec plugin"),
  });
});

test("a home's own kubeconfig is found, and a server that is not there is an absent executor within seconds", async () => {
  const { folder, file } = await kubeconfig({ cluster: { server: "http://127.0.0.1:1" } });
  await mkdir(join(folder, ".kube"));
  await writeFile(join(folder, ".kube/config"), await import("node:fs/promises").then((fs) => fs.readFile(file)));
  const api = openKubeApi(await loadAccess({ env: { HOME: folder } }));
  await expect(api.get("/version")).rejects.toMatchObject({ code: "EXECUTOR_ABSENT", exitCode: 5 });
});

test("answers that pass are asked for again, those that refuse are not", async () => {
  const statuses = [429, 503, 200, 403];
  const server = createServer((_, response) => {
    const status = statuses.shift() ?? 200;
    const message = 'jobs is forbidden: User "u" cannot create resource "jobs"';
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ message }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { file } = await kubeconfig({
    cluster: { server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
  });
  const api = openKubeApi(await loadAccess({ env: { KUBECONFIG: file } }));
  await api.get("/x");
  expect(statuses).toEqual([403]);
  const refused = await api.get("/x").catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(BowlineError);
  expect(refused).toMatchObject({ code: "CLUSTER_FORBIDDEN", exitCode: 4 });
  api.close();
  server.closeAllConnections();
  server.close();
});
