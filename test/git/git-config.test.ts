import { spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { DEFAULT_POLICY } from "../../src/config/index.ts";
import { gitConfig } from "../../src/git/process/git-config.ts";
import { openGit } from "../../src/git/process/open-git.ts";
import { parseGitUrl } from "../../src/lib/index.ts";
import { startGitServer, temporaryFolder } from "../support/index.ts";
import { fetchCode, requestFor, TOKEN, tokenFor } from "./request.ts";

it("git itself sends the credential below the repository's url only, even if it were led elsewhere", async () => {
  const url = parseGitUrl("https://h.example/org/test");
  const http = { kind: "bearer", token: "secret" } as const;
  const credential = { scope: "https://h.example/org/", source: "test", http, secretValues: ["secret"] };
  const file = join(await temporaryFolder(), "config");
  await writeFile(file, gitConfig({ access: { url, credential }, policy: DEFAULT_POLICY }));
  const headerFor = (asked: string): string =>
    spawnSync("git", ["config", "--file", file, "--get-urlmatch", "http.extraHeader", asked], { encoding: "utf8" })
      .stdout;

  for (const inside of ["", ".git", "/info/refs", ".git/git-upload-pack"]) {
    expect(headerFor(`https://h.example/org/test${inside}`), inside).toBe("Authorization: Bearer secret\n");
  }
  for (const outside of [
    "https://h.example/org/test2",
    "https://h.example/org/other",
    "https://h.example/",
    "https://h.example:8443/org/test",
    "http://h.example/org/test",
    "https://evil.example/org/test",
    "https://h.example.evil.example/org/test",
  ]) {
    expect(headerFor(outside), outside).toBe("");
  }
});

it("the git that reads a pack as it comes from the server holds no credential", async () => {
  const server = await startGitServer({ accounts: [{ token: TOKEN }] });
  await server.add("org/test");
  const folder = await temporaryFolder();
  const script = `#!/bin/sh
PATH=\${PATH#*:}
case " $* " in *" index-pack "*) cat "$GIT_CONFIG_GLOBAL" > ${folder}/config; env > ${folder}/env ;; esac
exec git "$@"
`;
  await writeFile(join(folder, "git"), script, { mode: 0o755 });
  const request = requestFor(`${server.url}/org/test.git`, { findCredential: tokenFor(`${server.url}/org/`) });
  await fetchCode({ ...request, network: { searchPath: `${folder}:${process.env["PATH"]}` } });
  expect(server.requests.at(-1)?.headers.authorization).toMatch(/^Basic /);
  const config = await readFile(join(folder, "config"), "utf8");
  expect(config).toContain("fsckObjects");
  expect(config).not.toMatch(/authorization/i);
  expect(await readFile(join(folder, "env"), "utf8")).toMatch(/^GIT_ALLOW_PROTOCOL=none$/m);
  await server.close();
});

/** What a user's or machine's settings could change, as they would be to our harm. */
const HOSTILE: Readonly<Record<string, string>> = {
  "core.hooksPath": "/evil",
  "core.fsmonitor": "/evil",
  "core.attributesFile": "/evil",
  "core.excludesFile": "/evil",
  "core.protectNTFS": "false",
  "core.protectHFS": "false",
  "core.untrackedCache": "true",
  "core.bigFileThreshold": "512m",
  "core.deltaBaseCacheLimit": "96m",
  "pack.threads": "64",
  "safe.bareRepository": "all",
  "transfer.bundleURI": "true",
  "fetch.fsckObjects": "false",
  "fetch.unpackLimit": "100",
  "fetch.writeCommitGraph": "true",
  "fetch.recurseSubmodules": "true",
  "submodule.recurse": "true",
  "gc.auto": "1",
  "maintenance.auto": "true",
  "http.followRedirects": "true",
  "http.lowSpeedLimit": "0",
  "http.lowSpeedTime": "0",
  "http.proxy": "http://evil.example",
};
const OURS: Readonly<Record<string, string | RegExp>> = {
  "core.hooksPath": "/dev/null",
  "core.fsmonitor": "false",
  "core.attributesFile": "/dev/null",
  "core.excludesFile": "/dev/null",
  "core.protectNTFS": "true",
  "core.protectHFS": "true",
  "core.untrackedCache": "false",
  "core.bigFileThreshold": "16m",
  "core.deltaBaseCacheLimit": "32m",
  "pack.threads": /^[123]$/,
  "safe.bareRepository": "explicit",
  "transfer.bundleURI": "false",
  "fetch.fsckObjects": "true",
  "fetch.unpackLimit": "1",
  "fetch.writeCommitGraph": "false",
  "fetch.recurseSubmodules": "false",
  "submodule.recurse": "false",
  "gc.auto": "0",
  "maintenance.auto": "false",
  "http.followRedirects": "false",
  "http.lowSpeedLimit": "1",
  "http.lowSpeedTime": "7",
  "http.proxy": "",
};

it("wins over any other settings, even where git read these", async () => {
  const folder = await temporaryFolder();
  const [hostile, ours] = [join(folder, "hostile"), join(folder, "ours")];
  const lines = Object.entries(HOSTILE).map(([key, value]) => `[${key.replace(".", "]\n")} = ${value}\n`);
  await writeFile(hostile, `${lines.join("")}[credential]\nhelper = !/evil\n`);
  const policy = { ...DEFAULT_POLICY, timeouts: { ...DEFAULT_POLICY.timeouts, stall: 6_400 } };
  await writeFile(ours, gitConfig({ policy }));
  const env = { PATH: process.env["PATH"], HOME: folder, GIT_CONFIG_SYSTEM: hostile, GIT_CONFIG_GLOBAL: ours };
  const { stdout } = spawnSync("git", ["config", "--list", "-z"], { encoding: "utf8", env, cwd: folder });
  const found = stdout.split("\0").map((entry) => entry.split("\n") as [string, string]);
  const last = new Map(found);
  for (const [key, value] of Object.entries(OURS)) {
    expect(
      found.filter(([name]) => name === key.toLowerCase()),
      key,
    ).toHaveLength(2);
    if (value instanceof RegExp) expect(last.get(key.toLowerCase()), key).toMatch(value);
    else expect(last.get(key.toLowerCase()), key).toBe(value);
  }
  // helpers add up, unless an empty one comes between
  expect(found.filter(([name]) => name === "credential.helper").at(-1)?.[1]).toBe("");
});

it("git is given nothing of this process's environment, and may go to its url's scheme only, or nowhere", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "git"), "#!/bin/sh\nexec /usr/bin/env\n", { mode: 0o755 });
  const url = parseGitUrl("http://h.example/org/test");
  const options = {
    ...{ folder, policy: DEFAULT_POLICY, network: { searchPath: `${folder}:${process.env["PATH"]}` } },
    signal: new AbortController().signal,
  };
  const home = join(folder, "home");
  const always = {
    PATH: options.network.searchPath,
    HOME: home,
    XDG_CONFIG_HOME: home,
    TMPDIR: folder,
    LC_ALL: "C",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_LFS_SKIP_SMUDGE: "1",
    GIT_ALLOC_LIMIT: "2g",
    GIT_CONFIG_GLOBAL: expect.stringMatching(/^(\/proc\/self\/fd\/3$|\/)/),
  };
  const nowhere = { GIT_ALLOW_PROTOCOL: "none", GIT_NO_LAZY_FETCH: "1" };
  process.env["GIT_DIR_OF_TEST"] = "evil";
  const out = await openGit({ ...options, access: { url } });
  const local = await openGit(options);
  async function given(git: typeof out, local = false): Promise<Record<string, string>> {
    const { stdout } = await git.run(["anything"], { local });
    const {
      PWD: _,
      SHLVL: __,
      OLDPWD: ___,
      _: ____,
      ...env
    } = Object.fromEntries(
      stdout
        .toString()
        .trim()
        .split("\n")
        .map((line) => line.split(/=(.*)/s).slice(0, 2)),
    ) as Record<string, string>;
    return env;
  }
  expect(await given(out)).toEqual({ ...always, GIT_ALLOW_PROTOCOL: "http" });
  expect(await given(out, true)).toEqual({ ...always, ...nowhere });
  expect(await given(local)).toEqual({ ...always, ...nowhere });
  delete process.env["GIT_DIR_OF_TEST"];
  await Promise.all([out.close(), local.close()]);
});
