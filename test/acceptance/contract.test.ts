import { existsSync } from "node:fs";
import { chmod, stat } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { COMMANDS } from "../../src/cli/commands/index.ts";
import { newDesk, type Desk } from "../cli/bowline.ts";
import { checkFailure, checkNoNull, checkRunRecord } from "../support/contract.ts";
import { makeSshKey, noSshServer, startGitServer, startSshServer, type GitServer } from "../support/index.ts";
import { fetcherOf } from "./initialize.ts";
import { job, PASSWORD, privateDesk, setSecret, TOKEN, USER, writeConfig } from "./desk.ts";

const NAMED = ["--config", "config.yaml"];
const ID = { connection: "repo-test" };
const CREDENTIALS = `${USER}:${PASSWORD}`;
const { fetchCode, fails } = fetcherOf(() => ({
  url: `${server.url}/org/test`,
  env: { POLYAXON_GIT_CREDENTIALS: CREDENTIALS },
}));

let server: GitServer;
let secure: GitServer;
let commits: Record<string, string>;
let library: string;

beforeAll(async () => {
  const accounts = [{ username: USER, password: PASSWORD }, { token: TOKEN }];
  server = await startGitServer({ accounts });
  secure = await startGitServer({ accounts, tls: "good", root: server.root });
  library = (await server.add("org/lib")).commits["main"]!;
  const modules = '[submodule "lib"]\n\tpath = lib\n\turl = ../lib\n';
  const repository = await server.add("org/test", {
    commits: [
      { name: "first", files: { "src/a.py": "1\n", "data/old.txt": "old\n", "README.md": "# test\n" } },
      { name: "second", files: { "src/a.py": "2\n", "data/new.txt": "new\n", "data/old.txt": null } },
      { files: { ".gitmodules": modules, lib: { submodule: library } } },
      { branch: "branchA", from: "first", files: { "src/b.py": "b\n" } },
    ],
    annotatedTags: { "v0.9": "branchA", "v1.0": "second" },
  });
  ({ commits } = repository);
});

afterAll(() => Promise.all([server.close(), secure.close()]));

describe("bowline initializer git", () => {
  test.each([
    ["nothing", undefined, () => ({ ref: "refs/heads/main", commit: commits["main"] })],
    ["a tag", () => "v1.0", () => ({ ref: "refs/tags/v1.0", commit: commits["second"] })],
    ["a full ref", () => "refs/heads/branchA", () => ({ ref: "refs/heads/branchA", commit: commits["branchA"] })],
    ["a shortened commit", () => commits["branchA"]!.slice(0, 10), () => ({ commit: commits["branchA"] })],
    ["an old commit", () => commits["first"]!, () => ({ commit: commits["first"] })],
  ])("--revision: %s", async (_, revision, expected) => {
    const { reference, code } = await fetchCode(revision ? ["--revision", revision()] : ["--connection", ""]);
    expect(reference).toMatchObject(expected());
    expect(reference.revision).toBe(revision?.());
    expect(Object.hasOwn(reference, "connection")).toBe(false);
    expect(await code("rev-parse", "HEAD", "HEAD^{tree}")).toBe(`${reference.commit}\n${reference.tree}`);
  });

  test.each([[["--ref", "refs/heads/main"]], [[]]])("--commit %j: that one, though the branch moved", async (ref) => {
    const { reference, code } = await fetchCode(["--commit", commits["first"]!, ...ref]);
    expect({ commit: reference.commit, ref: reference.ref }).toEqual({ commit: commits["first"], ref: ref[1] });
    expect(await code("rev-parse", "HEAD")).toBe(commits["first"]);
  });

  test.each([
    ["1", { history: 1, count: "1", missing: false, shallow: "true" }],
    ["2", { history: 2, count: "2", missing: false, shallow: "true" }],
    ["commits", { history: "commits", count: "3", missing: true, shallow: "false" }],
    ["full", { history: "full", count: "3", missing: false, shallow: "false" }],
  ])("--history %s", async (history, expected) => {
    const { reference, code } = await fetchCode(["--history", history]);
    const objects = await code("rev-list", "--objects", "--missing=print", "HEAD");
    const count = await code("rev-list", "--count", "HEAD");
    const shallow = await code("rev-parse", "--is-shallow-repository");
    expect({ history: reference.history, count, missing: /^\?/m.test(objects), shallow }).toEqual(expected);
  });

  test("--tags; --filter and --sparse together", async () => {
    const words = ["--history", "full", "--filter", "blob:none", "--sparse", "src", "--sparse", "lib"];
    const { reference, code, path } = await fetchCode(words);
    expect(reference.history).toBe("full");
    expect(await (await fetchCode(["--tags"])).code("tag", "-l")).toBe("v0.9\nv1.0");
    expect(await code("rev-list", "--objects", "--missing=print", "HEAD")).toMatch(/^\?/m);
    expect([existsSync(join(path, "src/a.py")), existsSync(join(path, "data"))]).toEqual([true, false]);
    expect(await code("status", "--porcelain")).toBe("");
    const plain = await fetchCode([]);
    expect(await plain.code("tag", "-l")).toBe("");
    const there = ["data/new.txt", "lib/model.py"].map((each) => existsSync(join(plain.path, each)));
    expect([...there, plain.reference.submodules]).toEqual([true, false, undefined]);
  });

  test("--submodules, and --owner for all of it where root may give it away", async () => {
    const root = process.getuid?.() === 0;
    const { reference, path } = await fetchCode(["--submodules", ...(root ? ["--owner", "12345:23456"] : [])]);
    expect(reference.submodules).toEqual([{ path: "lib", url: `${server.url}/org/lib`, commit: library }]);
    for (const each of [".", "lib", "lib/model.py", ".git/HEAD", ".git/modules/lib/HEAD"]) {
      expect(await stat(join(path, each))).toMatchObject(root ? { uid: 12345, gid: 23456 } : {});
    }
  });

  test("--ca-file trusts, and nothing else does; a file that is not there is named", async () => {
    const url = `${secure.url}/org/test`;
    const { reference } = await fetchCode(["--ca-file", secure.caFile], { url });
    expect(reference).toMatchObject({ url, commit: commits["main"] });
    await fails([], { url, code: "TLS_FAILED", exit: 5 });
    await fails(["--ca-file", "absent.pem"], { url, code: "FILE_NOT_READ", exit: 2 });
  });

  test("the credential: the environment, else the file, with any line end; neither is a refusal", async () => {
    const desk = await newDesk();
    const file = await desk.write("credentials", `${CREDENTIALS}\r\n`);
    const wrong = await desk.write("wrong", "ada:wrong");
    const env = { BOWLINE_GIT_CREDENTIALS_FILE: file };
    await fetchCode([], { env });
    await fetchCode([], { env: { BOWLINE_GIT_CREDENTIALS_FILE: wrong, POLYAXON_GIT_CREDENTIALS: CREDENTIALS } });
    await fetchCode([], { env: { POLYAXON_GIT_CREDENTIALS: TOKEN } });
    await fails([], { env: { ...env, POLYAXON_GIT_CREDENTIALS: "ada:x" }, code: "GIT_CREDENTIAL_REFUSED", exit: 4 });
    await fails([], { env: { BOWLINE_GIT_CREDENTIALS_FILE: "absent" }, code: "FILE_NOT_READ", exit: 2 });
  });

  test("--cache DIR serves again and again, --no-cache writes nothing there", async () => {
    const cache = join((await newDesk()).folder, "cache");
    const words = ["--cache", cache, "--revision", "main"];
    for (const more of [["--no-cache"], [], []]) {
      const { reference } = await fetchCode([...words, ...more]);
      expect(reference.commit).toBe(commits["main"]);
      if (more.length > 0) expect(existsSync(cache)).toBe(false);
    }
  });

  test("--deadline holds while content is sent, --max-bytes is what comes over the wire", async () => {
    const { reference } = await fetchCode(["--deadline", "60", "--max-bytes", "1000000"]);
    expect(reference.bytes).toBeGreaterThan(0);
    await fails(["--max-bytes", String(Math.floor(reference.bytes / 4))], { code: "GIT_TOO_LARGE", exit: 2 });
    const slow = await startGitServer({ root: server.root });
    slow.faults.push({ match: ({ body }) => body.includes("command=fetch"), stall: 20 });
    await fails(["--deadline", "1"], { url: `${slow.url}/org/test`, code: "HOST_TIMEOUT", exit: 5 });
    await slow.close();
  });

  test.skipIf(noSshServer)(`--ssh-key-file, --known-hosts-file${noSshServer ? ` (${noSshServer})` : ""}`, async () => {
    const [key, stranger] = await Promise.all([makeSshKey(), makeSshKey()]);
    const ssh = await startSshServer({ root: server.root, keys: [{ publicKey: key.publicKey }] });
    const desk = await newDesk();
    const file = {
      key: await desk.write("key", key.privateKey),
      other: await desk.write("other", stranger.privateKey),
    };
    await Promise.all(Object.values(file).map((each) => chmod(each, 0o600)));
    const known = ["--known-hosts-file", await desk.write("known_hosts", ssh.knownHosts)];
    const at = { url: `${ssh.url}/org/test`, env: {} };
    const { reference } = await fetchCode(["--ssh-key-file", file.key, ...known, "--history", "2"], at);
    expect(reference).toMatchObject({ commit: commits["main"], history: 2 });
    await fails(["--ssh-key-file", file.key], { ...at, code: "SSH_HOST_KEY_UNKNOWN", exit: 4 });
    await fails(["--ssh-key-file", file.other, ...known], { ...at, code: "GIT_CREDENTIAL_REFUSED", exit: 4 });
    await ssh.close();
  });
});

describe("what scripts read", () => {
  test.each([
    ...COMMANDS.filter(({ hidden }) => !hidden).map(({ name }) => [`${name} --no-such-option`, "USAGE", 2]),
    ...["get", "logs", "stop", "restart", "delete -y"].map((words) => [`${words} 0b6c1b1e`, "RUN_NOT_FOUND", 3]),
    ...["get", "check", "trust"].map((word) => [`connections ${word} absent`, "CONNECTION_NOT_FOUND", 3]),
    ["run -f absent.yaml", "FILE_NOT_READ", 2],
    ["check -f absent.yaml", "FILE_NOT_READ", 2],
    ["config view --config absent.yaml", "FILE_NOT_READ", 2],
  ] as [string, string, number][])("%s -o json: a document with %s alone, exit code %i", async (line, code, exit) => {
    const desk = await newDesk();
    const { stdout, exitCode } = await desk.bowline([...line.split(" "), "-o", "json"]);
    expect(checkFailure(JSON.parse(stdout)).errors.map((each) => each.code)).toEqual([code]);
    expect(exitCode).toBe(exit);
  });

  test("a run's life: one record each, shortened uuids, the same record again, a bare array of each list", async () => {
    const desk = await privateDesk();
    await setSecret(desk, "git-secret", { POLYAXON_GIT_CREDENTIALS: CREDENTIALS });
    await writeConfig(desk, [{ url: `${server.url}/org/test`, secret: "git-secret" }]);
    await desk.write("job.json", job("echo out; echo aside >&2; exit 3"));
    await desk.write("wrong.json", job("true", { init: [{ ...ID, git: { revision: "absent" } }] }));
    const read = (line: string, exit = 0): Promise<unknown> => json(desk, line, exit);

    const failed = checkRunRecord(await read("run -f job.json", 1));
    expect(failed).toMatchObject({ status: "failed", exitCode: 3, codeReferences: [{ ...ID, cache: "miss" }] });
    const id = failed.uuid.slice(0, 8);
    expect(await read(`get ${id}`)).toEqual(failed);
    expect(parse((await desk.bowline(["get", id, "-o", "yaml", ...NAMED])).stdout)).toEqual(failed);

    const unresolved = checkRunRecord(await read("run -f wrong.json", 3));
    expect(unresolved.errors).toMatchObject([{ ...ID, code: "GIT_REVISION_NOT_FOUND" }]);
    expect([unresolved.codeReferences, unresolved.exitCode, unresolved.startedAt]).toEqual([[], undefined, undefined]);

    const again = checkRunRecord(await read(`restart ${id}`, 1));
    expect(again).toMatchObject({ restartOf: failed.uuid, codeReferences: [{ commit: commits["main"] }] });
    const started = checkRunRecord(await read("run -d -f job.json"));
    expect(started.codeReferences).toMatchObject([{ ...ID, ref: "refs/heads/main", commit: commits["main"] }]);
    await desk.bowline(["logs", "-f", started.uuid.slice(0, 8), ...NAMED]);
    expect(checkRunRecord(await read(`get ${started.uuid.slice(0, 8)}`)).codeReferences).toMatchObject([
      { ...ID, commit: commits["main"] },
    ]);
    const [stopped] = z
      .array(z.unknown())
      .length(1)
      .parse(await read(`stop ${started.uuid.slice(0, 8)}`));
    expect(checkRunRecord(stopped)).toMatchObject({ status: "failed", exitCode: 3 });

    const { stdout } = await desk.bowline(["logs", id, "-o", "json", ...NAMED]);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.map((line) => logLine.parse(JSON.parse(line)).text).sort()).toEqual(["aside", "out"]);

    const all = [started, again, unresolved, failed].map(({ uuid }) => uuid);
    expect(
      z
        .array(z.unknown())
        .parse(await read("ps"))
        .map((each) => checkRunRecord(each).uuid),
    ).toEqual(all);
    expect(
      z
        .array(z.unknown())
        .parse(await read(`delete -y ${id}`))
        .map((each) => checkRunRecord(each).uuid),
    ).toEqual([failed.uuid]);
    for (const list of ["connections ls", "secrets ls", "cache ls", "cache verify", "doctor"]) {
      expect(Array.isArray(await read(list)), list).toBe(true);
    }
    const whole = ["connections get repo-test", "connections check repo-test", "config view", "version"];
    for (const line of whole) expect(Array.isArray(await read(line)), line).toBe(false);
  });
});

const time = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const logLine = z.strictObject({
  container: z.literal("main"),
  stream: z.enum(["stdout", "stderr"]),
  time,
  text: z.string(),
});

/** What a command prints with `-o json`: one document, without a null in it. */
async function json(desk: Desk, line: string, exit: number): Promise<unknown> {
  const { stdout, stderr, exitCode } = await desk.bowline([...line.split(" "), "-o", "json", ...NAMED]);
  expect(exitCode, `${line}: ${stderr}`).toBe(exit);
  const value: unknown = JSON.parse(stdout);
  checkNoNull(value);
  return value;
}
