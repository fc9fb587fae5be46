import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { type Config, DEFAULT_POLICY, loadConfig, trustConfig } from "../../src/config/index.ts";
import { BowlineError } from "../../src/lib/index.ts";
import { temporaryFolder } from "../support/index.ts";

let folder: string;
let env: Record<string, string>;

beforeEach(async () => {
  folder = await temporaryFolder();
  env = { HOME: join(folder, "home") };
});

function write(path: string, text: string): string {
  const full = join(folder, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, text);
  return full;
}

/** The config of a text, named by a flag. */
async function read(text: string): Promise<Config> {
  return loadConfig({ flag: write("bowline.yaml", text), cwd: folder, env });
}

/** Code and line:column of every problem of a text. */
async function problemsOf(text: string): Promise<string[]> {
  const error = await read(text).catch((one: unknown) => one);
  if (!(error instanceof BowlineError)) throw new Error("no problem was found", { cause: error });
  return error.problems.map(({ code, place }) => `${code} ${place?.line}:${place?.column}`);
}

describe("where the config is", () => {
  const named = (name: string) => `connections: [{name: ${name}, kind: git}]\n`;
  const nameIn = (config: Config) => [...config.catalog.connections.keys()].join();

  test("there need not be one", async () => {
    const config = await loadConfig({ cwd: folder, env });
    expect(config).toMatchObject({ origin: "none", trusted: true, executor: { kind: "process" } });
    expect(config.path).toBeUndefined();
    expect(config.policy).toEqual(DEFAULT_POLICY);
  });

  test("--config before BOWLINE_CONFIG before the folders upwards before the config home", async () => {
    write("home/.config/bowline/bowline.yaml", named("home"));
    const cwd = join(folder, "work", "a", "b");
    mkdirSync(cwd, { recursive: true });
    expect(await loadConfig({ cwd, env })).toMatchObject({ origin: "home", trusted: true });
    const found = write("work/bowline.yaml", named("found"));
    expect(await loadConfig({ cwd, env })).toMatchObject({ origin: "found", path: found, trusted: false });
    write("work/a/b/bowline.yaml", named("nearest"));
    expect(nameIn(await loadConfig({ cwd, env }))).toBe("nearest");
    write("work/a/variable.yaml", named("variable"));
    const withVariable = { ...env, BOWLINE_CONFIG: "../variable.yaml" };
    const byVariable = await loadConfig({ cwd, env: withVariable });
    expect([byVariable.origin, byVariable.trusted, nameIn(byVariable)]).toEqual(["environment", true, "variable"]);
    write("work/a/b/flag.yaml", named("flag"));
    const byFlag = await loadConfig({ flag: "flag.yaml", cwd, env: withVariable });
    expect([byFlag.origin, byFlag.trusted, nameIn(byFlag)]).toEqual(["flag", true, "flag"]);
  });

  test("BOWLINE_HOME and XDG_CONFIG_HOME move the config home; a relative XDG folder does not count", async () => {
    const home = write("own/bowline.yaml", named("own"));
    const xdg = write("xdg/bowline/bowline.yaml", named("xdg"));
    const cwd = join(folder, "work");
    mkdirSync(cwd);
    expect((await loadConfig({ cwd, env: { ...env, BOWLINE_HOME: dirname(home) } })).path).toBe(home);
    expect((await loadConfig({ cwd, env: { ...env, XDG_CONFIG_HOME: join(folder, "xdg") } })).path).toBe(xdg);
    expect((await loadConfig({ cwd, env: { ...env, XDG_CONFIG_HOME: "xdg" } })).path).toBeUndefined();
  });

  test("the config home's own file is the user's, also when it is found from inside that folder", async () => {
    const home = write("own/bowline.yaml", named("own"));
    const config = await loadConfig({ cwd: dirname(home), env: { ...env, BOWLINE_HOME: dirname(home) } });
    expect(config).toMatchObject({ origin: "home", trusted: true });
  });

  test("one that is named and not there is an error", async () => {
    await expect(loadConfig({ flag: "no.yaml", cwd: folder, env })).rejects.toMatchObject({ code: "FILE_NOT_READ" });
    const named = { ...env, BOWLINE_CONFIG: "no.yaml" };
    await expect(loadConfig({ cwd: folder, env: named })).rejects.toMatchObject({ code: "FILE_NOT_READ" });
  });

  test.each(["", "\n", "# nothing\n", "---\n"])("an empty one (%j) says nothing", async (text) => {
    expect((await read(text)).policy).toEqual(DEFAULT_POLICY);
  });
});

describe("trust", () => {
  const text = "connections: [{name: a, kind: git}]\npolicy: {plainHttpHosts: [git.lan], urlOverride: refuse}\n";

  test("a config that was found sets no policy, with a warning, until it is trusted once", async () => {
    const path = write("work/bowline.yaml", text);
    const cwd = join(folder, "work");
    const before = await loadConfig({ cwd, env });
    expect(before.trusted).toBe(false);
    expect(before.policy).toEqual(DEFAULT_POLICY);
    expect(before.warnings).toMatchObject([{ code: "CONFIG_UNTRUSTED", place: { line: 2, column: 1 } }]);
    expect(before.warnings[0]!.hint).toContain(`bowline config trust ${path}`);
    expect([...before.catalog.connections.keys()]).toEqual(["a"]);
    await trustConfig(path, before.home);
    const after = await loadConfig({ cwd, env });
    expect(after.trusted).toBe(true);
    expect(after.policy).toMatchObject({ plainHttpHosts: ["git.lan"], urlOverride: "refuse" });
    expect(after.warnings).toEqual([]);
    write("work/bowline.yaml", `${text}# changed\n`);
    expect((await loadConfig({ cwd, env })).trusted).toBe(true);
  });

  test("is for the real path: another folder has none, a link to the trusted one has it", async () => {
    const path = write("work/bowline.yaml", text);
    write("other/bowline.yaml", text);
    const { home } = await loadConfig({ cwd: folder, env });
    symlinkSync(join(folder, "work"), join(folder, "link"));
    await trustConfig(join(folder, "link"), home);
    expect((await loadConfig({ cwd: join(folder, "link"), env })).trusted).toBe(true);
    expect((await loadConfig({ cwd: dirname(path), env })).trusted).toBe(true);
    expect((await loadConfig({ cwd: join(folder, "other"), env })).trusted).toBe(false);
  });

  test("several at once are all kept; a damaged list trusts nothing", async () => {
    const { home } = await loadConfig({ cwd: folder, env });
    const names = ["a", "b", "c", "d"];
    await Promise.all(names.map((name) => trustConfig(write(`${name}/bowline.yaml`, text), home)));
    const trusted = async () =>
      Promise.all(names.map(async (name) => (await loadConfig({ cwd: join(folder, name), env })).trusted));
    expect(await trusted()).toEqual([true, true, true, true]);
    writeFileSync(join(home.data, "trusted.json"), '{"paths": 1');
    expect(await trusted()).toEqual([false, false, false, false]);
  });

  test("what is not there cannot be trusted", async () => {
    const { home } = await loadConfig({ cwd: folder, env });
    await expect(trustConfig(join(folder, "no.yaml"), home)).rejects.toMatchObject({ code: "FILE_NOT_READ" });
    await expect(trustConfig(folder, home)).rejects.toMatchObject({ code: "FILE_NOT_READ" });
  });
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

describe("problems", () => {
  // An arrow stands where the problem must be shown.
  const connection = (rest: string) => `connections:\n- {name: a, kind: git, ${rest}}\n`;

  test.each([
    ["a url with a password", connection('schema: {url: →"https://u:p@h/o/r"}'), "GIT_URL_INVALID"],
    ["a url with a user", connection('schema: {url: →"https://u@h/o/r"}'), "GIT_URL_INVALID"],
    ["a scheme that is not allowed", connection('schema: {url: →"file:///srv/r"}'), "POLICY_REFUSED"],
    ["a scheme nobody knows", connection('schema: {url: →"ext::sh -c x"}'), "GIT_URL_INVALID"],
    ["a url that is an option", connection('schema: {url: →"--upload-pack=x"}'), "GIT_URL_INVALID"],
    ["a revision that is an option", connection('schema: {revision: →"--x"}'), "GIT_REVISION_INVALID"],
    ["a flag that is not known", connection('schema: {flags: [→"-c x=y"]}'), "GIT_FLAG_INVALID"],
    ["an unknown key of a git schema", connection("schema: {→ulr: x}"), "FIELD_UNKNOWN"],
    ["a provider nobody knows", connection("schema: {provider: →githb}"), "FIELD_INVALID"],
    ["a proxy that is none", connection("schema: {proxy: →'socks5://h:1'}"), "FIELD_INVALID"],
    ["an unknown key of a connection", connection("→secrets: {name: x}"), "FIELD_UNKNOWN"],
    ["a secret without a name", connection("→secret: {items: [a]}"), "FIELD_MISSING"],
    ["a mode that is none", connection("secret: {name: s, defaultMode: →600}"), "FIELD_INVALID"],
    ["a mode that is a word", connection("secret: {name: s, defaultMode: →rw}"), "FIELD_INVALID"],
    ["a mount path that is relative", connection("secret: {name: s, mountPath: →a/b}"), "PATH_INVALID"],
    ["a mount path with ..", connection("secret: {name: s, mountPath: →/a/../b}"), "PATH_INVALID"],
    ["a variable that is none", connection("env: [{name: →'A=B'}]"), "FIELD_INVALID"],
    ["no kind", "connections:\n- →{name: a}\n", "FIELD_MISSING"],
    ["no name", "connections:\n- →{kind: git}\n", "FIELD_MISSING"],
    ["connections that are a map", "connections: →{a: {kind: git}}\n", "FIELD_INVALID"],
    ["an executor nobody knows", "executor: →dokcer\n", "FIELD_INVALID"],
    ["an executor with another one's key", "executor: {kind: docker, →namespace: n}\n", "FIELD_UNKNOWN"],
    ["a policy with an unknown key", "policy: {→host: [a]}\n", "FIELD_UNKNOWN"],
    ["a policy flag nobody knows", "policy: {flags: [→--dept]}\n", "GIT_FLAG_INVALID"],
    ["a duration that is none", "policy: {timeouts: {connect: →soon}}\n", "FIELD_INVALID"],
    ["a duration of nothing", "policy: {timeouts: {connect: →0}}\n", "FIELD_INVALID"],
    ["a size that is none", "policy: {maxBytes: →5 GB}\n", "FIELD_INVALID"],
    ["two sources", "credentials:\n- {match: 'https://h/', secret: {name: s}, from: →git}\n", "FIELD_INVALID"],
    ["no source", "credentials:\n- →{match: 'https://h/'}\n", "FIELD_MISSING"],
    ["a source nobody knows", "credentials:\n- {match: 'https://h/', from: →gti}\n", "FIELD_INVALID"],
    ["a prefix without a scheme", "credentials:\n- {match: →'github.com/', from: git}\n", "GIT_URL_INVALID"],
    [
      "a prefix twice",
      "credentials:\n- {match: 'https://h', from: git}\n- {match: →'https://H:443/', from: git}\n",
      "CONFIG_INVALID",
    ],
    ["a name twice", "connections:\n- {name: a, kind: git}\n- {name: →a, kind: ssh}\n", "CONFIG_INVALID"],
    ["a list", "→- a\n", "FIELD_INVALID"],
  ])("%s", async (_, marked, code) => {
    const before = marked.slice(0, marked.indexOf("→")).split("\n");
    const place = `${before.length}:${before.at(-1)!.length + 1}`;
    expect(await problemsOf(marked.replace("→", ""))).toEqual([`${code} ${place}`]);
  });

  test("what is not YAML", async () => {
    expect(await problemsOf("connections: [\n")).toEqual([expect.stringMatching(/^YAML_INVALID /)]);
  });

  test.each(["", "-a", "a-", ".a", "a/b", "a b", "ä", "a".repeat(64), "..", "a\\n"])("the name %j", async (name) => {
    const [problem] = await problemsOf(`connections: [{name: "${name}", kind: git}]\n`);
    expect(problem).toMatch(/^FIELD_INVALID 1:22$/);
  });

  test.each(["a", "A1", "repo-test", "a.b_c-d", "a".repeat(63), "1234567"])("not the name %j", async (name) => {
    const { catalog } = await read(`connections: [{name: ${name}, kind: git}]\n`);
    expect(catalog.connections.has(name)).toBe(true);
  });

  test("are told all at once", async () => {
    const text = `executor: dokcer
connections:
- {name: a, kind: git, schema: {url: "ftp://h/o/r", revision: -x}}
- {name: a, kind: git, secrets: x}
- {name: "b/", kind: ssh, schema: {x: 1}}
credentials:
- {match: x, from: git}
policy: {maxBytes: lots}
`;
    expect((await problemsOf(text)).sort()).toEqual([
      "CONFIG_INVALID 4:10",
      "FIELD_INVALID 1:11",
      "FIELD_INVALID 5:10",
      "FIELD_INVALID 8:20",
      "FIELD_UNKNOWN 4:24",
      "FIELD_UNKNOWN 5:36",
      "GIT_REVISION_INVALID 3:63",
      "GIT_URL_INVALID 3:38",
      "GIT_URL_INVALID 7:11",
    ]);
  });

  test("never repeat the password of a url or proxy", async () => {
    const text = connection('schema: {url: "https://u:s3cr3tpw@h/o/r", proxy: "ftp://u:s3cr3tpw@h"}');
    const error = (await read(text).catch((one: unknown) => one)) as BowlineError;
    expect(error.problems).toHaveLength(2);
    expect(JSON.stringify(error.problems)).not.toContain("s3cr3tpw");
  });
});

test("every value has an origin: default, config with its place, or a variable", async () => {
  const text =
    "executor: docker\npolicy:\n  timeouts: {connect: 5}\nconnections:\n- {name: a, kind: git, schema: {proxy: 'http://u:s3cr3t@p:1'}}\n";
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

describe("whatever is written", () => {
  const scalar = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.constantFrom("git", "https://h/o/r", "0600"),
  );
  const keys = fc.constantFrom(
    ..."executor connections credentials init policy name kind schema url revision flags secret configMap mountPath items".split(
      " ",
    ),
    ..."defaultMode env value match from file provider auth proxy timeouts connect maxBytes fsck ignore schemes __proto__".split(
      " ",
    ),
    ...["constructor", "x"],
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      scalar,
      fc.array(tie("tree"), { maxLength: 4 }),
      fc.dictionary(keys, tie("tree"), { maxKeys: 6 }),
    ),
  }));

  const readAny = async (text: string) => {
    const { readConfig } = await import("../../src/config/read-config.ts");
    try {
      readConfig(text, { path: "bowline.yaml", trusted: true });
    } catch (error) {
      if (!(error instanceof BowlineError)) throw error;
      for (const { place, hint, message } of error.problems) {
        expect(place?.file).toBe("bowline.yaml");
        expect([hint.length > 0, message.length > 0]).toEqual([true, true]);
      }
    }
  };

  test("any data gives a config or placed problems", async () => {
    const top = fc.dictionary(keys, tree, { maxKeys: 6 });
    await fc.assert(
      fc.asyncProperty(top, (data) => readAny(JSON.stringify(data))),
      { numRuns: 1000 },
    );
  });

  test("any text gives a config or placed problems", async () => {
    await fc.assert(fc.asyncProperty(fc.string({ unit: "binary" }), readAny), { numRuns: 500 });
  });
});
