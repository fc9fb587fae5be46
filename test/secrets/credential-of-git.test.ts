import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { loadConfig } from "../../src/config/index.ts";
import type { Credential } from "../../src/connections/index.ts";
import { parseGitUrl } from "../../src/lib/index.ts";
import { createCredentialFinder, openSecretStore } from "../../src/secrets/index.ts";
import { netrcLogin } from "../../src/secrets/netrc.ts";
import { type GitServer, startGitServer, temporaryFolder } from "../support/index.ts";

const USER = "ada";
const PASSWORD = "p@ss/w#r%d? +:é";
let server: GitServer;
let url: string;
let home: string;
let env: Record<string, string>;

beforeAll(async () => {
  server = await startGitServer({ accounts: [{ username: USER, password: PASSWORD }] });
  await server.add("org/repo");
  url = `${server.url}/org/repo`;
});
afterAll(() => server.close());
beforeEach(async () => {
  home = await temporaryFolder();
  env = { HOME: home, PATH: process.env["PATH"]! };
});

function write(name: string, text: string, mode = 0o600): string {
  const path = join(home, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text, { mode });
  return path;
}

/** What `from: git` gives for a url. */
async function found(of = url): Promise<Credential | undefined> {
  const flag = write("config.yaml", `credentials: [{match: "${/^[a-z]+:\/\/[^/]*/.exec(of)![0]}/", from: git}]`);
  const config = await loadConfig({ flag, cwd: home, env });
  return createCredentialFinder({ config, store: openSecretStore(config.home), env })(parseGitUrl(of));
}

/** Whether git itself gets in, in the same environment. */
async function gitGetsIn(): Promise<boolean> {
  const settings = { env: { ...env, GIT_TERMINAL_PROMPT: "0" }, cwd: home };
  return promisify(execFile)("git", ["ls-remote", url], settings).then(
    () => true,
    () => false,
  );
}

async function credentialGetsIn(credential: Credential | undefined): Promise<boolean> {
  if (credential?.http?.kind !== "basic") return false;
  const { username, password } = credential.http;
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  const response = await fetch(`${url}/info/refs?service=git-upload-pack`, { headers: { authorization } });
  return response.ok;
}

const encoded = () => `${USER}:${encodeURIComponent(PASSWORD)}`;

describe("where git clone works, from: git does too", () => {
  test.each<[string, () => void]>([
    [
      "a stored credential (credential.helper store)",
      () => {
        write(".git-credentials", `http://${encoded()}@${new URL(url).host}\n`);
        write(".gitconfig", "[credential]\n\thelper = store\n");
      },
    ],
    [
      "a helper that is a program, for this host only",
      () => {
        const answer = write("answer", `username=${USER}\npassword=${PASSWORD}\n`);
        write(
          ".gitconfig",
          `[credential "${new URL(url).origin}"]\n\thelper = "!f() { test $1 = get && cat ${answer}; }; f"\n`,
        );
      },
    ],
    [
      "a helper that wants to know the path (useHttpPath)",
      () => {
        const script = `#!/bin/sh\ngrep -q '^path=org/repo' && printf 'username=${USER}\\npassword=%s\\n' '${PASSWORD}'\n`;
        const helper = write("helper.sh", script, 0o700);
        write(".gitconfig", `[credential]\n\thelper = ${helper}\n\tuseHttpPath = true\n`);
      },
    ],
    [
      "GIT_ASKPASS, as editors set it",
      () => {
        const script = `#!/bin/sh\ncase "$1" in Username*) echo ${USER};; *) printf '%s\\n' '${PASSWORD}';; esac\n`;
        env["GIT_ASKPASS"] = write("askpass.sh", script, 0o700);
      },
    ],
    [".netrc", () => void write(".netrc", `machine 127.0.0.1\n  login ${USER}\n  password "${PASSWORD}"\n`)],
    [
      "an Authorization header (http.<url>.extraHeader)",
      () => {
        const value = Buffer.from(`${USER}:${PASSWORD}`).toString("base64");
        write(".gitconfig", `[http "${server.url}/"]\n\textraHeader = AUTHORIZATION: basic ${value}\n`);
      },
    ],
    [
      "a login that url.<base>.insteadOf writes into the url",
      () =>
        void write(".gitconfig", `[url "http://${encoded()}@${new URL(url).host}/"]\n\tinsteadOf = ${server.url}/\n`),
    ],
    [
      "configuration in XDG_CONFIG_HOME",
      () => {
        env["XDG_CONFIG_HOME"] = join(home, "xdg");
        write("xdg/git/credentials", `http://${encoded()}@${new URL(url).host}\n`);
        write("xdg/git/config", "[credential]\n\thelper = store\n");
      },
    ],
    [
      "configuration in variables (GIT_CONFIG_COUNT)",
      () => {
        const value = Buffer.from(`${USER}:${PASSWORD}`).toString("base64");
        Object.assign(env, {
          GIT_CONFIG_COUNT: "1",
          GIT_CONFIG_KEY_0: "http.extraHeader",
          GIT_CONFIG_VALUE_0: `Authorization: Basic ${value}`,
        });
      },
    ],
  ])("%s", async (_, setUp) => {
    expect(await gitGetsIn()).toBe(false);
    setUp();
    expect(await gitGetsIn()).toBe(true);
    const credential = await found();
    expect(await credentialGetsIn(credential)).toBe(true);
    expect(credential!.secretValues).toContain(PASSWORD);
    expect(credential!.scope).toBe(`${server.url}/`);
  });

  test("a .netrc comes before the helpers, as in git", async () => {
    write(".netrc", `default login ${USER} password "${PASSWORD}"\n`);
    write(".git-credentials", `http://other:other@${new URL(url).host}\n`);
    write(".gitconfig", "[credential]\n\thelper = store\n");
    expect(await gitGetsIn()).toBe(true);
    expect(await credentialGetsIn(await found())).toBe(true);
  });

  test("proxy and certificate authority of the user's git come along", async () => {
    const ca = write("ca.pem", "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n");
    write(".gitconfig", `[http "https://git.corp.invalid"]\n\tproxy = http://proxy:3128\n\tsslCAInfo = ${ca}\n`);
    expect(await found("https://git.corp.invalid/org/repo")).toMatchObject({
      proxy: "http://proxy:3128",
      ca: readFileSync(ca, "utf8"),
    });
    expect((await found("https://other.invalid/org/repo"))?.proxy).toBeUndefined();
  });
});

describe("where git has nothing", () => {
  test("the url is asked for anonymously, and nobody is asked for a password", async () => {
    expect(await found()).toEqual({ scope: `${server.url}/`, source: expect.any(String), secretValues: [] });
  });

  test("a helper that fails, says nothing or says half is as none", async () => {
    for (const helper of ["!false", "!true", "!echo username=x #"]) {
      write(".gitconfig", `[credential]\n\thelper = "${helper}"\n`);
      expect((await found())?.http).toBeUndefined();
    }
  });

  test('a "%" in such a login that begins no encoded character is one, as for git', async () => {
    write(".gitconfig", `[url "http://u%C3%A9:50%off%40@${new URL(url).host}/"]\n\tinsteadOf = ${server.url}/\n`);
    expect((await found())?.http).toEqual({ kind: "basic", username: "ué", password: "50%off@" });
  });

  test("a rewrite to another host is not followed", async () => {
    write(".gitconfig", `[url "http://u:secretpw@127.0.0.9/"]\n\tinsteadOf = ${server.url}/\n`);
    expect((await found())?.http).toBeUndefined();
  });

  test("the repository around the working directory has no say", async () => {
    const repository = join(home, "clone");
    const around = { ...env, GIT_DIR: join(repository, ".git") };
    await promisify(execFile)("git", ["init", "-q", repository], { env });
    const marker = join(home, "ran");
    await promisify(execFile)("git", ["-C", repository, "config", "credential.helper", `!touch ${marker};:`], { env });
    env = around;
    await found();
    expect(existsSync(marker)).toBe(false);
  });
});

describe("ssh", () => {
  const ssh = () => found("ssh://git@git.invalid:2222/org/repo");

  test("is the user's own ssh, with what it needs of the environment and nothing else", async () => {
    Object.assign(env, { SSH_AUTH_SOCK: "/run/agent", USER: "ada", API_TOKEN: "x", GIT_SSH: "/opt/my ssh" });
    expect(await ssh()).toMatchObject({ ssh: "user", secretValues: [] });
    const { PATH, HOME } = env;
    expect((await ssh())?.userEnv).toEqual({
      PATH,
      HOME,
      USER: "ada",
      SSH_AUTH_SOCK: "/run/agent",
      GIT_SSH_COMMAND: "'/opt/my ssh'",
    });
  });

  test("has git's order of commands", async () => {
    env["GIT_SSH"] = "third";
    write(".gitconfig", "[core]\n\tsshCommand = second -v\n");
    expect((await ssh())?.userEnv?.["GIT_SSH_COMMAND"]).toBe("second -v");
    env["GIT_SSH_COMMAND"] = "first";
    expect((await ssh())?.userEnv?.["GIT_SSH_COMMAND"]).toBe("first");
  });
});

test("without git it says so", async () => {
  const { PATH: _, ...rest } = env;
  env = { ...rest, PATH: home };
  await expect(found()).rejects.toMatchObject({ code: "GIT_MISSING" });
});

test("a helper that writes what cannot be executed does not end Bowline", async () => {
  const helper = write("helper.sh", "no shebang", 0o600);
  chmodSync(helper, 0o600);
  write(".gitconfig", `[credential]\n\thelper = ${helper}\n`);
  expect((await found())?.http).toBeUndefined();
});

describe(".netrc", () => {
  test.each<[string, string, [string, string] | undefined]>([
    ["one line", "machine h login u password p", ["u", "p"]],
    ["several lines", "machine other login x password y\nmachine h\n\tlogin u\n\tpassword p\n", ["u", "p"]],
    ["another host only", "machine other login x password y", undefined],
    ["a default", "machine other login x password y\ndefault login u password p", ["u", "p"]],
    ["a host before the default", "machine h login u password p\ndefault login x password y", ["u", "p"]],
    ["upper case", "machine H login u password p", ["u", "p"]],
    ["quotes", 'machine h login u password "p \\"q\\" r"', ["u", 'p "q" r']],
    ["a comment", "# machine h login x password y\nmachine h login u password p # mine", ["u", "p"]],
    ["a macro", "macdef init\nmachine h login x password y\n\nmachine h login u password p", ["u", "p"]],
    ["an account", "machine h login u account a password p", ["u", "p"]],
    ["half an entry", "machine h login u", undefined],
    ["a subdomain", "machine h login u password p", undefined],
  ])("%s", (name, text, expected) => {
    const login = netrcLogin(text, name === "a subdomain" ? "sub.h" : "h");
    expect(login && [login.username, login.password]).toEqual(expected);
  });
});
