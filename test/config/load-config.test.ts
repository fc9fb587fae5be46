import { beforeEach, describe, expect, test } from "vitest";
import { DEFAULT_POLICY, loadConfig } from "../../src/config/index.ts";
import { type ConfigFolder, configFolder } from "./config-folder.ts";

let folder: string;
let env: Record<string, string>;
let write: ConfigFolder["write"];
let read: ConfigFolder["read"];
beforeEach(async () => {
  ({ folder, env, write, read } = await configFolder());
});

describe("what a config says", () => {
  test("connections and credentials, in the order of the file, with their places", async () => {
    const { catalog } = await read(`connections:
- name: repo-test
  kind: git
  description: Training code
  tags: [a, 2]
  schema: {url: https://gitlab.com/org/test, revision: 1e5, flags: [--depth 1], provider: gitlab, auth: basic, username: ci, proxy: "http://p:3128"}
  secret: {name: gitlab-connection, mountPath: /root/.ssh, items: [a, b], defaultMode: 0600}
  configMap: {name: cm}
  env: [{name: A, value: 1}, {name: B, valueFrom: {fieldRef: {fieldPath: x}}}]
  annotations: {a: true}
- {name: db, kind: postgres, schema: {host: h, port: 5432, url: "not a git url"}}
- {name: key, kind: ssh, schema: {url: "git@git.corp:team/repo.git"}}
credentials:
- {match: "https://git.corp/team/", secret: {name: corp}, provider: gitlab, auth: bearer}
- {match: "https://github.com/", from: git}
- {match: "https://ci.corp/", from: {env: CI_TOKEN}}
- {match: "https://file.corp/", from: {file: token.txt}}
`);
    const [first, ...others] = catalog.connections.values();
    expect(first).toMatchObject({
      tags: ["a", "2"],
      schema: { url: "https://gitlab.com/org/test", revision: "1e5", flags: ["--depth 1"], provider: "gitlab" },
      secret: { name: "gitlab-connection", mountPath: "/root/.ssh", items: ["a", "b"], defaultMode: 0o600 },
      env: [{ name: "A", value: "1" }, { name: "B" }],
      annotations: { a: "true" },
      place: { line: 2, column: 3 },
    });
    expect(others.map(({ name, kind }) => [name, kind])).toEqual([
      ["db", "postgres"],
      ["key", "ssh"],
    ]);
    expect(others[0]!.schema).toEqual({ host: "h", port: 5432, url: "not a git url" });
    expect(catalog.credentials.map(({ from }) => from)).toEqual([
      undefined,
      "git",
      { env: "CI_TOKEN" },
      { file: "token.txt" },
    ]);
    expect(catalog.credentials[1]!.place).toMatchObject({ line: 15 });
  });

  test.each([
    ["executor: docker", { kind: "docker" }],
    ["executor: {kind: process, inheritEnv: [AWS_PROFILE]}", { kind: "process", inheritEnv: ["AWS_PROFILE"] }],
    ["executor: {kind: docker, host: unix:///x}", { kind: "docker", host: "unix:///x" }],
    ["executor: {kind: kubernetes, namespace: n, context: c}", { kind: "kubernetes", namespace: "n", context: "c" }],
  ])("%s", async (text, executor) => expect((await read(text)).executor).toEqual(executor));

  test("a policy, with its defaults where it says nothing", async () => {
    const { policy } = await read(`policy:
  schemes: [https, file]
  hosts: [git.corp]
  flags: [--depth]
  maxBytes: 500Mi
  maxFiles: 1000
  timeouts: {connect: 5, stall: 500ms, resolve: "1m30s"}
  fsck: {ignore: [badTimezone, hasDotgit]}
`);
    expect(policy).toMatchObject({
      schemes: ["https", "file"],
      hosts: ["git.corp"],
      maxBytes: 500 * 2 ** 20,
      maxFiles: 1000,
    });
    expect(policy.timeouts).toEqual({ connect: 5000, stall: 500, resolve: 90_000, materialize: 600_000 });
    expect(policy.fsck.ignore).toEqual([...DEFAULT_POLICY.fsck.ignore, "hasDotgit"]);
    expect(policy.urlOverride).toBe("anonymous");
  });

  test.each([
    ["0600", 0o600],
    ["'0600'", 0o600],
    ["0o440", 0o440],
    ["384", 0o600],
  ])("a file mode %s", async (mode, value) => {
    const { catalog } = await read(`connections: [{name: a, kind: git, secret: {name: s, defaultMode: ${mode}}}]`);
    expect(catalog.connections.get("a")?.secret?.defaultMode).toBe(value);
  });

  test("the connections of the page, as they are printed", async () => {
    const { catalog } = await read(`connections:
  - name: polyaxon-quick-start
    kind: git
    description: Quick start example
    schema:
      url: https://github.com/polyaxon/polyaxon-quick-start
  - name: repo1
    kind: git
    description: Repo with data processing code
    schema:
      url: https://github.com/org/private-repo1
    secret:
      name: git-secret
`);
    expect([...catalog.connections.keys()]).toEqual(["polyaxon-quick-start", "repo1"]);
  });

  test("trust and proxies of the environment, the lower-case name first", async () => {
    const proxies = {
      HTTPS_PROXY: "http://upper:1",
      https_proxy: "http://lower:1",
      NO_PROXY: "a,b",
      SSL_CERT_FILE: "/ca",
    };
    const { network } = await loadConfig({ cwd: folder, env: { ...env, ...proxies, http_proxy: "" } });
    expect(network).toEqual({ httpsProxy: "http://lower:1", noProxy: "a,b", certificateFile: "/ca" });
  });
});

test("a Polyaxon Helm values file is read, with one warning for what is not Bowline's and one for its initializer", async () => {
  const config = await read(`deploymentChart: platform
gateway: {service: {type: NodePort}}
artifactsStore: {name: store, kind: volume_claim, schema: {volumeClaim: c, mountPath: /m}}
agent: {instance: x}
init: {image: polyaxon/polyaxon-init, imageTag: 2.18.0, resources: {requests: {cpu: 1}}}
connections:
- {name: repo1, kind: git, schema: {url: https://github.com/org/repo}, secret: {name: git-secret}}
`);
  expect(config.init).toEqual({ resources: { requests: { cpu: 1 } } });
  expect([...config.catalog.connections.keys()]).toEqual(["repo1"]);
  expect(config.warnings.map(({ code, place }) => [code, place?.line])).toEqual([
    ["CONFIG_FOREIGN_KEYS", 1],
    ["CONFIG_FOREIGN_KEYS", 5],
  ]);
  for (const key of ["deploymentChart", "gateway", "artifactsStore", "agent"]) {
    expect(config.warnings[0]!.message).toContain(`"${key}"`);
  }
});

test("a slip of the pen at the top is a warning with the name that was meant", async () => {
  const { warnings } = await read("other: 1\nconections: []\n");
  expect(warnings).toMatchObject([{ code: "CONFIG_FOREIGN_KEYS", place: { line: 2, column: 1 } }]);
  expect(warnings[0]!.hint).toContain('did you mean "connections"');
});

test("names that differ only in case are a warning", async () => {
  const { warnings, catalog } = await read("connections:\n- {name: Repo, kind: git}\n- {name: repo, kind: git}\n");
  expect(warnings).toMatchObject([{ code: "CONFIG_SIMILAR_NAMES", place: { line: 3, column: 10 } }]);
  expect([...catalog.connections.keys()]).toEqual(["Repo", "repo"]);
});

test("every value has an origin: default, config with its place, or a variable", async () => {
  const text =
    "executor: docker\npolicy:\n  timeouts: {connect: 5}\nconnections:\n- {name: a, kind: git}\ncredentials:\n- {match: 'https://h/', proxy: 'http://u:s3cr3t@p:1'}\n";
  const flag = write("bowline.yaml", text);
  const { settings } = await loadConfig({ flag, cwd: folder, env: { ...env, HTTPS_PROXY: "http://u:s3cr3t@p:1" } });
  const of = (key: string) => settings.find((one) => one.key === key);
  expect(of("executor")).toMatchObject({ origin: "config", place: { line: 1 } });
  expect(of("policy.timeouts.connect")).toMatchObject({ value: 5000, origin: "config", place: { line: 3 } });
  expect(of("policy.timeouts.stall")).toEqual({ key: "policy.timeouts.stall", value: 15_000, origin: "default" });
  expect(of("connections.a")).toMatchObject({ value: { name: "a" }, origin: "config", place: { line: 5 } });
  expect(of("network.httpsProxy")).toEqual({
    key: "network.httpsProxy",
    value: "http://***@p:1",
    origin: "environment",
    variable: "HTTPS_PROXY",
  });
  expect(of("home.data")).toMatchObject({ origin: "default" });
  expect(JSON.stringify(settings)).not.toContain("s3cr3t");
});
