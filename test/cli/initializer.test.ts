import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync } from "node:fs";
import { chmod, readFile, stat } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkCodeReference, checkFailure, checkNoNull } from "../support/contract.ts";
import { startGitServer, type GitServer, type Repository } from "../support/index.ts";
import { BOWLINE, newDesk, type Answer, type Desk } from "./bowline.ts";

const TOKEN = "t0ken:@/#%? x";

let server: GitServer;
let repository: Repository;

beforeAll(async () => {
  server = await startGitServer({ accounts: [{ token: TOKEN, access: ["org"] }] });
  repository = await server.add("org/test");
});

afterAll(() => server.close());

/** A token with a colon has one in front, or it would be a user and a password. */
const CREDENTIALS = `:${TOKEN}`;

describe("bowline initializer git", () => {
  test("puts a branch into the folder and prints its code reference", async () => {
    const { desk, fetch } = await newFetch();
    const { stdout, exitCode } = await fetch(["--revision", "branchA", "--connection", "repo-test"]);
    expect(exitCode).toBe(0);
    checkNoNull(JSON.parse(stdout));
    expect(checkCodeReference(JSON.parse(stdout))).toMatchObject({
      connection: "repo-test",
      url: `${server.url}/org/test`,
      revision: "branchA",
      ref: "refs/heads/branchA",
      commit: repository.commits["branchA"],
      path: join(desk.folder, "code"),
      by: "engine",
      history: 1,
      cache: "miss",
    });
    expect(await readFile(join(desk.folder, "code", "model.py"), "utf8")).toBe('print("hello from branchA")\n');
  });

  test.each(["--result-file=result.json", "--result-file result.json"])(
    "%s has the result, or what was wrong, also with the words",
    async (option) => {
      const { desk, fetch } = await newFetch();
      const result = async (): Promise<unknown> => JSON.parse(await readFile(join(desk.folder, "result.json"), "utf8"));
      await fetch([...option.split(" "), "--history", "all"]);
      expect(await result()).toMatchObject({ errors: [{ code: "USAGE" }] });
      await fetch(option.split(" "));
      expect(await result()).toMatchObject({ commit: repository.commits["main"], path: join(desk.folder, "code") });
    },
  );

  test("that nobody reads what it says beside is no reason to stop", async () => {
    const { desk, words, env } = await newCommand();
    const child = spawn(process.execPath, [BOWLINE, ...words], {
      cwd: desk.folder,
      env,
      stdio: ["ignore", "ignore", "pipe"],
    });
    child.stderr.destroy();
    const [code] = (await once(child, "close")) as [number];
    expect({ code, made: existsSync(join(desk.folder, "code", "model.py")) }).toEqual({ code: 0, made: true });
  });

  test("a stdout that takes nothing is told", async () => {
    const { desk, words, env } = await newCommand();
    const command = ["-c", '"$@" >/dev/full', "sh", process.execPath, BOWLINE, ...words];
    const { exitCode, stderr } = await execa("sh", command, { cwd: desk.folder, env, extendEnv: false, reject: false });
    expect(exitCode).toBe(1);
    expect(stderr).toContain("standard output cannot be written (ENOSPC)");
  });

  test("a working directory that is gone matters only where it is asked for", async () => {
    const { desk, words, env } = await newCommand();
    const inGone = (more: string[]) => {
      const command = ["-c", 'rmdir "$PWD"; exec "$@"', "sh", process.execPath, BOWLINE, ...words, ...more];
      const cwd = join(desk.folder, "gone");
      mkdirSync(cwd);
      return execa("sh", command, { cwd, env, extendEnv: false, reject: false });
    };
    const absolute = await inGone([]);
    expect({ code: absolute.exitCode, stderr: absolute.stderr }).toMatchObject({ code: 0 });
    const relative = await inGone(["--path", "code"]);
    expect(relative.exitCode).toBe(2);
    expect(relative.stderr).toContain("the working directory is gone");
  });

  test("an empty path is none", async () => {
    const { desk, fetch } = await newFetch();
    const { exitCode, stderr } = await fetch(["--path", ""]);
    expect({ exitCode, code: existsSync(join(desk.folder, ".git")) }).toEqual({ exitCode: 2, code: false });
    expect(stderr).toContain("--path");
  });

  test("takes a pinned commit with its branch, and a credential from a file with a final newline", async () => {
    const { desk, fetch } = await newFetch();
    const commit = repository.commits["main"]!;
    const file = await desk.write("credentials", `${CREDENTIALS}\n`);
    const words = ["--commit", commit, "--ref", "refs/heads/main", "--history", "full", "--tags"];
    const { stdout, exitCode } = await fetch(words, { BOWLINE_GIT_CREDENTIALS_FILE: file });
    expect(exitCode).toBe(0);
    expect(checkCodeReference(JSON.parse(stdout))).toMatchObject({ commit, ref: "refs/heads/main", history: "full" });
  });

  test("a revision that is a whole commit is one request, and a server without it says so", async () => {
    const { fetch } = await newFetch();
    const commit = repository.commits["first"]!;
    const before = server.requests.length;
    const { stdout } = await fetch(["--revision", commit.toUpperCase()]);
    expect(JSON.parse(stdout)).toMatchObject({ revision: commit.toUpperCase(), commit });
    expect(server.requests.length - before).toBe(1);
    const absent = await newFetch();
    const { stdout: told, exitCode } = await absent.fetch(["--revision", "b0".repeat(20)]);
    expect(JSON.parse(told)).toMatchObject({ errors: [{ code: "GIT_REVISION_NOT_FOUND" }] });
    expect(exitCode).toBe(3);
  });

  test("takes from the environment what the words leave out; another url has no part in the step's own commit", async () => {
    const { desk, fetch } = await newFetch();
    const told = {
      BOWLINE_GIT_URL: `${server.url}/org/test`,
      BOWLINE_GIT_REVISION: "branchA",
      BOWLINE_GIT_COMMIT: repository.commits["branchA"]!,
      BOWLINE_GIT_REF: "refs/heads/branchA",
      BOWLINE_GIT_PATH: "told",
    };
    const env = { ...told, POLYAXON_GIT_CREDENTIALS: CREDENTIALS };
    const { stdout } = await desk.bowline(["initializer", "git", "-o", "json"], { env });
    expect(checkCodeReference(JSON.parse(stdout))).toMatchObject({
      revision: "branchA",
      ref: "refs/heads/branchA",
      path: join(desk.folder, "told"),
    });
    // with --url, from `fetch`
    const other = JSON.parse((await fetch([], env)).stdout) as unknown;
    expect(checkCodeReference(other)).toMatchObject({ ref: "refs/heads/main" });
    expect(other).not.toHaveProperty("revision");
  });

  test.skipIf(process.getuid?.() !== 0)("gives the files to the owner (needs root)", async () => {
    const { desk, fetch } = await newFetch();
    expect((await fetch(["--owner", "12345:23456"])).exitCode).toBe(0);
    for (const path of ["code", "code/model.py", "code/.git/HEAD"]) {
      expect(await stat(join(desk.folder, path))).toMatchObject({ uid: 12345, gid: 23456 });
    }
  });

  test.skipIf(process.getuid?.() !== 0)(
    "an owner that may not be given: an error, no folder (needs root)",
    async () => {
      const { desk } = await newFetch();
      for (const folder of [desk.folder, join(desk.folder, "..")]) await chmod(folder, 0o777);
      const user = ["--reuid", "65534", "--regid", "65534", "--clear-groups", process.execPath, BOWLINE];
      const words = ["--url", `${server.url}/org/test`, "--path", "code", "--owner", "12345:23456", "-o", "json"];
      const { stdout, exitCode } = await execa("setpriv", [...user, "initializer", "git", ...words], {
        ...{ cwd: desk.folder, env: { ...desk.env, POLYAXON_GIT_CREDENTIALS: CREDENTIALS }, extendEnv: false },
        reject: false,
      });
      expect(checkFailure(JSON.parse(stdout)).errors[0]!.code).toBe("DISK_NOT_WRITABLE");
      expect({ exitCode, left: existsSync(join(desk.folder, "code")) }).toEqual({ exitCode: 1, left: false });
    },
  );

  test.each([
    ["an unknown revision", ["--revision", "branchB"], CREDENTIALS, { code: "GIT_REVISION_NOT_FOUND", exit: 3 }],
    ["a refused token", [], "wrong", { code: "GIT_CREDENTIAL_REFUSED", exit: 4 }],
    ["no token", [], "", { code: "GIT_CREDENTIAL_MISSING", exit: 4 }],
    ["too many bytes", ["--max-bytes", "10"], CREDENTIALS, { code: "GIT_TOO_LARGE", exit: 2 }],
  ])("%s: the error document, the exit code, and no folder", async (_, words, credentials, expected) => {
    const { desk, fetch } = await newFetch();
    const { stdout, exitCode } = await fetch(words, { POLYAXON_GIT_CREDENTIALS: credentials });
    expect(checkFailure(JSON.parse(stdout)).errors[0]!.code).toBe(expected.code);
    expect(exitCode).toBe(expected.exit);
    expect(existsSync(join(desk.folder, "code"))).toBe(false);
  });

  test.each([
    [["--url"], "--url"],
    [["--url", "https://h/a/b"], "--path (the folder to make) must be given"],
    [[], "--url (the repository's url) and --path (the folder to make) must be given"],
    [["--url", "https://h/a/b", "--path", "x", "--commit", "abc"], "all 40 or 64 digits"],
    [["--url", "https://h/a/b", "--path", "x", "--history", "0"], "--history takes"],
    [["--url", "https://h/a/b", "--path", "x", "--owner", "ada"], "UID:GID"],
    [["--url", "https://h/a/b", "--path", "x", "--owner", "4294967296:1"], "UID:GID"],
    [["--url", "https://h/a/b", "--path", "x", "--filter", "tree:0"], "blob:none"],
    [["--url", "https://h/a/b", "--path", "x", "-o", "yaml"], 'takes json, not "yaml"'],
    [["--url", "https://h/a/b", "--path", "x", "--commit", "a".repeat(40), "--ref", "main"], "full reference"],
    [["--url", "https://h/a/b", "--path", "x", "more"], "more"],
    [["--url", "https://h/a/b", "--path", "x", "--token=s3cr3t"], 'unknown option "--token"'],
  ])("%j is a usage error", async (words, said) => {
    const { bowline } = await newDesk();
    const { stderr, exitCode } = await bowline(["initializer", "git", ...words]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(said);
    expect(stderr).not.toContain("s3cr3t");
  });

  test("ends at its deadline when the host is silent", async () => {
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { fetch } = await newFetch(`http://127.0.0.1:${(silent.address() as AddressInfo).port}/org/test`);
    const { stdout, exitCode } = await fetch(["--deadline", "1"]);
    silent.close();
    expect(checkFailure(JSON.parse(stdout)).errors[0]!.code).toBe("HOST_TIMEOUT");
    expect(exitCode).toBe(5);
  });

  test("while the server is waited for git is looked at, unless a cache may make it needless", async () => {
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { desk, fetch } = await newFetch(`http://127.0.0.1:${(silent.address() as AddressInfo).port}/org/test`);
    const said = join(desk.folder, "started");
    await chmod(await desk.write("git", `#!/bin/sh\necho "$*" >> ${said}\nPATH=\${PATH#*:} exec git "$@"\n`), 0o755);
    const env = { PATH: `${desk.folder}:${desk.env["PATH"]!}` };
    await fetch(["--deadline", "2", "--cache", join(desk.folder, "cache")], env);
    expect(existsSync(said)).toBe(false);
    await fetch(["--deadline", "2"], env);
    silent.close();
    expect(await readFile(said, "utf8")).toBe("--version\n");
  });

  test("ended by a signal, it leaves nothing", async () => {
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const desk = await newDesk();
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/org/test`;
    const child = spawn(process.execPath, [BOWLINE, "initializer", "git", "--url", url, "--path", "code"], {
      cwd: desk.folder,
      env: desk.env,
      stdio: "ignore",
    });
    await once(silent, "connection");
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([143, null]);
    silent.close();
    expect(existsSync(join(desk.folder, "code"))).toBe(false);
  });
});

/** A command line with an absolute path, for a test that starts it by itself. */
async function newCommand(): Promise<{ desk: Desk; words: string[]; env: Record<string, string> }> {
  const desk = await newDesk();
  const path = join(desk.folder, "code");
  return {
    desk,
    words: ["initializer", "git", "--url", `${server.url}/org/test`, "--path", path, "-o", "json"],
    env: { ...desk.env, POLYAXON_GIT_CREDENTIALS: CREDENTIALS },
  };
}

async function newFetch(
  url = `${server.url}/org/test`,
): Promise<{ desk: Desk; fetch: (words: string[], env?: Record<string, string>) => Promise<Answer> }> {
  const desk = await newDesk();
  return {
    desk,
    async fetch(words, env = { POLYAXON_GIT_CREDENTIALS: CREDENTIALS }) {
      const all = ["initializer", "git", "--url", url, "--path", "code", ...words, "-o", "json"];
      const answer = await desk.bowline(all, { env });
      expect(`${answer.stdout}${answer.stderr}`).not.toContain("t0ken");
      return answer;
    },
  };
}
