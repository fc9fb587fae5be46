import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { loadConfig, trustConfig } from "../../src/config/index.ts";
import { inScope } from "../../src/connections/index.ts";
import { parseGitUrl } from "../../src/lib/index.ts";
import { createCredentialFinder, openSecretStore, readSecretOrConfigMap } from "../../src/secrets/index.ts";
import { canDropRights, childScript, type ChildScript } from "../support/child-script.ts";
import { temporaryFolder } from "../support/index.ts";

const CONFIG = `connections:
- {name: own, kind: git, schema: {url: "https://h.example/org/repo", username: ci}, secret: {name: own}}
- {name: bare, kind: git, schema: {url: "https://h.example/team/repo"}}
- {name: proxied, kind: git, schema: {url: "https://h.example/team/repo", proxy: "http://own:1", provider: github}}
- {name: lonely, kind: git, schema: {url: "https://nobody.example/a/b", proxy: "http://proxy:1"}}
- {name: items, kind: git, schema: {url: "https://h.example/org/repo"}, secret: {name: own, items: [other]}}
- {name: wrongitem, kind: git, schema: {url: "https://h.example/org/repo"}, secret: {name: own, items: [POLYAXON_GIT_CREDENTIAL]}}
- {name: missing, kind: git, schema: {url: "https://h.example/org/repo"}, secret: {name: owm}}
- {name: key, kind: ssh, schema: {url: "git@h.example:org/repo.git"}, secret: {name: key}}
- {name: keyhttps, kind: git, schema: {url: "https://h.example/org/repo"}, secret: {name: key}}
- {name: tokenssh, kind: ssh, schema: {url: "git@h.example:org/repo.git"}, secret: {name: own}}
- {name: nourl, kind: git, secret: {name: own}}
credentials:
- {match: "https://h.example/", secret: {name: host}}
- {match: "https://h.example/team/", secret: {name: team}, auth: bearer}
- {match: "https://h.example/team/inner/repo", secret: {name: inner}, proxy: "http://inner:1"}
- {match: "ssh://h.example/", secret: {name: key}}
- {match: "https://env.example/", from: {env: CI_TOKEN}}
- {match: "https://file.example/", from: {file: token.txt}}
- {match: "https://home.example/", from: {file: ~/token.txt}}
- {match: "https://p.example/", proxy: "http://px:pw-of-px@proxy:1"}
`;
const KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n-----END OPENSSH PRIVATE KEY-----\n";

let folder: string;
let env: Record<string, string>;

beforeEach(async () => {
  folder = await temporaryFolder();
  env = { HOME: folder, PATH: process.env["PATH"]!, CI_TOKEN: "env:p@ss" };
  writeFileSync(join(folder, "config.yaml"), CONFIG);
  writeFileSync(join(folder, "token.txt"), "file-token\n", { mode: 0o600 });
  const { config, store } = await open();
  for (const name of ["own", "host", "team", "inner"]) {
    await store.set(name, "POLYAXON_GIT_CREDENTIALS", Buffer.from(`${name}-token`));
  }
  await store.set("own", "other", Buffer.from("x"));
  await store.set("key", "ssh-privatekey", Buffer.from(KEY));
  void config;
});

async function open() {
  const config = await loadConfig({ flag: "config.yaml", cwd: folder, env });
  return { config, store: openSecretStore(config.home), env };
}

async function find(url: string, connection?: string) {
  const options = await open();
  const finder = createCredentialFinder({
    ...options,
    connection: connection === undefined ? undefined : options.config.catalog.connections.get(connection)!,
  });
  return finder(parseGitUrl(url));
}

const token = (one: Awaited<ReturnType<typeof find>>) =>
  one?.http === undefined ? one?.http : one.http.kind === "basic" ? one.http.password : one.http.token;
const problemOf = (act: Promise<unknown>) =>
  act.then(() => undefined).catch((error: { problems: unknown[] }) => error.problems[0]);

describe("which credential", () => {
  test.each([
    ["its own, for the connection's url", "https://h.example/org/repo", "own", "own-token"],
    ["its own, for another repository of that owner", "https://h.example/org/lib.git", "own", "own-token"],
    ["not its own, for another owner", "https://h.example/other/repo", "own", "host-token"],
    ["the longest prefix", "https://h.example/team/repo", undefined, "team-token"],
    ["the longest prefix, one repository", "https://h.example/team/inner/repo.git", undefined, "inner-token"],
    ["the longest prefix, for a connection without a secret", "https://h.example/team/repo", "bare", "team-token"],
    ["a longer prefix does not win over the connection's own", "https://h.example/org/repo", "own", "own-token"],
    ["whole segments only", "https://h.example/team2/repo", undefined, "host-token"],
    ["none on another host", "https://i.example/org/repo", "own", undefined],
    ["none on another port", "https://h.example:8443/org/repo", "own", undefined],
    ["none over plain http", "http://h.example/org/repo", "own", undefined],
    ["none for a host that ends the same", "https://evil-h.example/org/repo", "own", undefined],
    ["none of its own where the connection has no url", "https://nobody.example/a/b", "nourl", undefined],
    ["that of a variable", "https://env.example/a/b", undefined, "p@ss"],
    ["that of a file beside the config", "https://file.example/a/b", undefined, "file-token"],
    ["that of a file in the home folder", "https://home.example/a/b", undefined, "file-token"],
  ])("%s", async (_, url, connection, expected) => expect(token(await find(url, connection))).toBe(expected));

  test("its settings come along: user name, kind, proxy, source", async () => {
    expect(await find("https://h.example/org/repo", "own")).toMatchObject({
      scope: "https://h.example/org/",
      source: 'connection "own"',
      http: { kind: "basic", username: "ci" },
    });
    expect(await find("https://h.example/team/x")).toMatchObject({
      scope: "https://h.example/team/",
      source: 'credentials entry "https://h.example/team/"',
      http: { kind: "bearer" },
    });
    expect(await find("https://h.example/team/inner/repo")).toMatchObject({ proxy: "http://inner:1" });
  });

  test("a connection's proxy holds with another's credential and with none, inside its scope", async () => {
    const other = await find("https://h.example/team/inner/repo", "proxied");
    expect(other).toMatchObject({ proxy: "http://own:1", http: { username: "x-access-token" } });
    expect(await find("https://nobody.example/a/b", "lonely")).toMatchObject({ proxy: "http://proxy:1" });
    expect(await find("https://nobody.example/z/b", "lonely")).toBeUndefined();
    expect(await find("https://p.example/z/b")).toMatchObject({
      proxy: "http://px:pw-of-px@proxy:1",
      secretValues: ["pw-of-px"],
    });
  });

  test("a key for ssh, whatever form the url has", async () => {
    for (const url of ["git@h.example:org/repo.git", "ssh://git@h.example/org/repo", "other@h.example:org/x"]) {
      expect(await find(url, "key")).toMatchObject({ ssh: { privateKey: KEY } });
    }
    expect(await find("git@h.example:else/x")).toMatchObject({ scope: "ssh://h.example/" });
  });

  test("a secret is read anew each time", async () => {
    const options = await open();
    const finder = createCredentialFinder({ ...options, connection: options.config.catalog.connections.get("own")! });
    const url = parseGitUrl("https://h.example/org/repo");
    await finder(url);
    await options.store.set("own", "POLYAXON_GIT_CREDENTIALS", Buffer.from("rotated"));
    expect(token(await finder(url))).toBe("rotated");
  });
});

test("whatever is asked for, what is given covers it", async () => {
  const part = fc.constantFrom("org", "team", "inner", "repo", "repo.git", "team2", "x");
  const host = fc.constantFrom("h.example", "h.example:8443", "env.example", "p.example", "h.example.evil.example");
  const names = [...(await open()).config.catalog.connections.keys()].filter(
    (name) => !/item|missing|key|tokenssh/.test(name),
  );
  const property = fc.asyncProperty(
    fc.constantFrom("https", "http", "ssh"),
    host,
    fc.array(part, { minLength: 1, maxLength: 4 }),
    fc.option(fc.constantFrom(...names), { nil: undefined }),
    async (scheme, at, path, connection) => {
      const url = `${scheme}://${at}/${path.join("/")}`;
      const credential = await find(url, connection);
      if (credential) expect(inScope(credential.scope, parseGitUrl(url))).toBe(true);
    },
  );
  await fc.assert(property, { numRuns: 150 });
});

describe("what cannot be used", () => {
  const url = "https://h.example/org/repo";

  test.each([
    ["a secret that is not stored, with a near name", url, "missing", "SECRET_NOT_FOUND", '"own"'],
    ["an item that the secret does not have", url, "wrongitem", "SECRET_NOT_FOUND", '"POLYAXON_GIT_CREDENTIALS"'],
    ["items without a key for git", url, "items", "SECRET_INVALID", "POLYAXON_GIT_CREDENTIALS"],
    ["an ssh key for an https url", url, "keyhttps", "SECRET_INVALID", "git@h.example"],
    ["a token for an ssh url", "git@h.example:org/repo", "tokenssh", "SECRET_INVALID", "ssh-privatekey"],
  ])("%s", async (_, at, connection, code, hint) => {
    const problem = await problemOf(find(at, connection));
    expect(problem).toMatchObject({ code, connection, place: { line: expect.any(Number) } });
    expect((problem as { hint: string }).hint).toContain(hint);
    expect(JSON.stringify(problem)).not.toContain("own-token");
  });

  test("a variable that is not set or empty, a file that is not there", async () => {
    for (const value of [undefined, ""]) {
      env = { HOME: folder, PATH: env["PATH"]!, ...(value !== undefined && { CI_TOKEN: value }) };
      expect(await problemOf(find("https://env.example/a/b"))).toMatchObject({
        code: "SECRET_NOT_FOUND",
        place: { line: 18 },
      });
    }
    env["HOME"] = join(folder, "else");
    const { store } = await open();
    void store;
    expect(await problemOf(find("https://home.example/a/b"))).toMatchObject({
      code: "SECRET_NOT_FOUND",
      place: { line: 20 },
    });
  });

  test.each([0o644, 0o604, 0o602, 0o666])("a file of one's own that everybody may use (%o)", async (mode) => {
    chmodSync(join(folder, "token.txt"), mode);
    expect(await problemOf(find("https://file.example/a/b"))).toMatchObject({ code: "SECRET_INVALID" });
  });

  test.each([0o400, 0o600, 0o640, 0o440])("not a file of mode %o", async (mode) => {
    chmodSync(join(folder, "token.txt"), mode);
    expect(token(await find("https://file.example/a/b"))).toBe("file-token");
  });
});

describe("an untrusted config", () => {
  let cwd: string;
  const at = async () => {
    const config = await loadConfig({ cwd, env });
    return { config, store: openSecretStore(config.home), env };
  };
  const findIn = async (url: string, connection?: string) => {
    const options = await at();
    const named = connection === undefined ? undefined : options.config.catalog.connections.get(connection)!;
    return createCredentialFinder({ ...options, connection: named })(parseGitUrl(url));
  };

  beforeEach(() => {
    cwd = join(folder, "theirs", "deep");
    mkdirSync(cwd, { recursive: true });
    writeFileSync(
      join(folder, "theirs", "bowline.yaml"),
      `${CONFIG}- {match: "https://git.example/", from: git}\n- {match: "https://stolen.example/", from: {file: ~/.ssh/id_rsa}}\n`,
    );
  });

  test.each([
    ["https://h.example/org/repo", "own"],
    ["https://h.example/team/repo", "bare"],
    ["https://env.example/a/b", undefined],
    ["https://file.example/a/b", undefined],
    ["https://stolen.example/a/b", undefined],
    ["https://git.example/a/b", undefined],
    ["git@h.example:org/repo", "key"],
  ])("lends nothing to %s (connection %s), until it is trusted", async (url, connection) => {
    const problem = (await problemOf(findIn(url, connection))) as { hint: string };
    expect(problem).toMatchObject({ code: "CONFIG_UNTRUSTED", place: { line: expect.any(Number) } });
    expect(problem.hint).toContain(`bowline config trust ${join(folder, "theirs", "bowline.yaml")}`);
  });

  test("fetches what is public at once, and everything once it is trusted", async () => {
    expect(await findIn("https://public.example/a/b")).toBeUndefined();
    const { config } = await at();
    await trustConfig(config.path!, config.home);
    expect(token(await findIn("https://h.example/org/repo", "own"))).toBe("own-token");
    expect(token(await findIn("https://env.example/a/b"))).toBe("p@ss");
  });

  test("gets no secret for a container either", async () => {
    const { config, store } = await at();
    const request = { config, store, reference: { name: "own" } };
    await expect(readSecretOrConfigMap(request)).rejects.toMatchObject({ code: "CONFIG_UNTRUSTED" });
    await trustConfig(config.path!, config.home);
    const data = await readSecretOrConfigMap({ ...request, config: (await at()).config });
    expect([...data.keys()].sort()).toEqual(["POLYAXON_GIT_CREDENTIALS", "other"]);
  });

  test("is not trusted by way of a link to a trusted folder's name", async () => {
    const { home } = (await at()).config;
    mkdirSync(join(folder, "mine"));
    writeFileSync(join(folder, "mine", "bowline.yaml"), CONFIG);
    await trustConfig(join(folder, "mine", "bowline.yaml"), home);
    symlinkSync(join(folder, "theirs"), join(folder, "mine", "linked"));
    cwd = join(folder, "mine", "linked");
    expect((await at()).config.trusted).toBe(false);
  });
});

describe("as somebody else", () => {
  let script: ChildScript;
  beforeAll(async () => {
    script = await childScript(`
      import { loadConfig } from "#src/config/index.ts";
      import { parseGitUrl } from "#src/lib/index.ts";
      import { createCredentialFinder, openSecretStore } from "#src/secrets/index.ts";
      const [flag, home, url] = args;
      const env = { HOME: home };
      try {
        const config = await loadConfig({ flag, cwd: "/", env });
        const credential = await createCredentialFinder({ config, store: openSecretStore(config.home), env })(parseGitUrl(url));
        print(credential?.http?.password ?? "none");
      } catch (error) {
        print(error.code);
      }
    `);
  });
  afterAll(() => script.remove());

  test.runIf(canDropRights)(
    "a mounted file is read, one that is closed is not (needs root, to be somebody else)",
    async () => {
      const config = join(folder, "config.yaml");
      const read = () => script.run([config, folder, "https://file.example/a/b"], { unprivileged: true });
      chmodSync(folder, 0o755);
      expect(await read()).toBe("SECRET_NOT_FOUND");
      chmodSync(join(folder, "token.txt"), 0o444);
      expect(await read()).toBe("file-token");
      chmodSync(join(folder, "token.txt"), 0o666);
      expect(await read()).toBe("SECRET_INVALID");
      chmodSync(config, 0o600);
      expect(await read()).toBe("FILE_NOT_READ");
    },
  );
});
