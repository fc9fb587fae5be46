import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkFailure, checkNoNull } from "../support/contract.ts";
import { startGitServer, type GitServer, type Repository } from "../support/index.ts";
import { newDesk, type Desk } from "./bowline.ts";

let server: GitServer;
let repository: Repository;

beforeAll(async () => {
  server = await startGitServer({ accounts: [{ token: "t0ken", access: ["org"] }] });
  repository = await server.add("org/test");
});

afterAll(() => server.close());

describe("bowline connections", () => {
  test("ls prints the catalog in its order, as a table, as a bare array and as names", async () => {
    const desk = await deskWithCatalog();
    const table = (await desk.bowline(["connections", "ls"])).stdout.split("\n");
    expect(table[0]).toMatch(/^NAME +KIND +URL +SECRET$/);
    expect(table[1]).toMatch(new RegExp(`^repo-test +git +${server.url}/org/test +git-secret$`));
    const { stdout } = await desk.bowline(["connections", "ls", "-o", "json"]);
    checkNoNull(JSON.parse(stdout));
    expect(JSON.parse(stdout)).toEqual([
      {
        name: "repo-test",
        kind: "git",
        description: "Code",
        schema: { url: `${server.url}/org/test` },
        secret: { name: "git-secret" },
      },
      { name: "other", kind: "slack" },
    ]);
    expect((await desk.bowline(["connections", "ls", "-o", "name"])).stdout).toBe("repo-test\nother\n");
    expect((await desk.bowline(["connections", "ls", "-o", "wide"])).stdout).toContain("Code");
  });

  test("an empty catalog is an empty array, and words for people", async () => {
    const desk = await newDesk();
    expect((await desk.bowline(["connections", "ls", "-o", "json"])).stdout).toBe("[]\n");
    const { stdout, stderr } = await desk.bowline(["connections", "ls"]);
    expect(stdout).toBe("");
    expect(stderr).toContain("no connections");
  });

  test("get prints one, and knows a near name", async () => {
    const desk = await deskWithCatalog();
    const { stdout, stderr } = await desk.bowline(["connections", "get", "repo-test"]);
    expect(stdout).toContain(`url: ${server.url}/org/test`);
    expect(stderr).toContain(`its secret "git-secret" goes to ${server.url}/org/ and nowhere else`);
    const absent = await desk.bowline(["connections", "get", "repo-tset", "-o", "json"]);
    expect(absent.exitCode).toBe(3);
    expect(checkFailure(JSON.parse(absent.stdout)).errors[0]).toMatchObject({
      code: "CONNECTION_NOT_FOUND",
      hint: 'did you mean "repo-test"?',
    });
  });

  test("check says what works", async () => {
    const desk = await deskWithCatalog();
    await desk.bowline(["secrets", "set", "git-secret", "POLYAXON_GIT_CREDENTIALS"], { input: "t0ken" });
    const words = ["connections", "check", "repo-test", "--revision", "branchA", ...NAMED];
    const { stdout, exitCode } = await desk.bowline([...words, "-o", "json"]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      url: `${server.url}/org/test`,
      protocol: "v2",
      ref: "refs/heads/branchA",
      commit: repository.commits["branchA"],
      shallow: true,
      filter: true,
      lfs: false,
    });
    expect((await desk.bowline(words)).stdout).toMatch(/^repo-test: works\n/);
  });

  test("a url or a secret in the wrong place is told without its password, and where it belongs", async () => {
    const desk = await deskWithCatalog();
    const url = "https://u:s3cr3t@host.invalid/x";
    const told = [
      await desk.bowline(["connections", "check", url]),
      await desk.bowline(["run", "-f", url, "-o", "json"]),
      await check("job.yaml", `run: {kind: job, init: [{connection: "${url}"}], container: {command: [ls]}}\n`),
      await check("wrong.yaml", "connections: [{name: a, kind: git, secret: s3cr3t}]\n", [
        "connections",
        "ls",
        "--config",
      ]),
    ].map(({ stdout, stderr }) => stdout + stderr);
    expect(told.join("")).not.toContain("s3cr3t");
    expect(told[2]).toContain("hint: a url alone is written as `git: {url: …}`");
    expect(told[3]).toContain("hint: write `secret: {name: …}`");
    await desk.write(
      "forge.yaml",
      'connections: [{name: a, kind: github, schema: {url: "https://host.invalid/a/b"}}]\n',
    );
    const words = ["check", "--config", "forge.yaml", "-f"];
    const forge = await check(
      "forge-job.yaml",
      "run: {kind: job, init: [{connection: a}], container: {command: [ls]}}\n",
      words,
    );
    expect(forge.stderr).toContain("for a git repository write `kind: git`");

    async function check(file: string, text: string, before = ["check", "-f"]) {
      await desk.write(file, text);
      return desk.bowline([...before, file]);
    }
  });

  test("check names the secret that is to be stored again", async () => {
    const desk = await deskWithCatalog();
    const check = async (value: string): Promise<string> => {
      await desk.bowline(["secrets", "set", "git-secret", "POLYAXON_GIT_CREDENTIALS"], { input: value });
      return (await desk.bowline(["connections", "check", "repo-test", ...NAMED])).stderr;
    };
    expect(await check("wrong")).toContain("bowline secrets set git-secret POLYAXON_GIT_CREDENTIALS\n");
    const key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----\n";
    expect(await check(key)).toContain(
      "bowline secrets set git-secret --from-file ssh-privatekey=FILE; bowline secrets rm git-secret POLYAXON_GIT_CREDENTIALS",
    );
  });

  test("check asks for LFS, and leaves out what a server does not say", async () => {
    const servers = await Promise.all([
      startGitServer({ lfs: { objects: new Map() } }),
      startGitServer({ forge: "dumb" }),
    ]);
    const found = servers.map(async (each) => {
      await each.add("org/test");
      const desk = await newDesk();
      await desk.write(
        "bowline.yaml",
        `connections: [{name: a, kind: git, schema: {url: "${each.url}/org/test.git"}}]\n`,
      );
      const { stdout } = await desk.bowline(["connections", "check", "a", "-o", "json"]);
      return JSON.parse(stdout) as unknown;
    });
    const [withLfs, dumb] = await Promise.all(found);
    expect(withLfs).toMatchObject({ protocol: "v2", shallow: true, lfs: true });
    expect(dumb).toMatchObject({ protocol: "dumb", shallow: false, filter: false, lfs: false });
    await Promise.all(servers.map((each) => each.close()));
  });

  test.each([
    ["no secret stored", undefined, [], { code: "SECRET_NOT_FOUND", exit: 3 }],
    ["a wrong token", "wrong", [], { code: "GIT_CREDENTIAL_REFUSED", exit: 4 }],
    ["an unknown revision", "t0ken", ["--revision", "brancha"], { code: "GIT_REVISION_NOT_FOUND", exit: 3 }],
  ])("check names the one thing that is wrong: %s", async (_, secret, more, expected) => {
    const desk = await deskWithCatalog();
    if (secret) await desk.bowline(["secrets", "set", "git-secret", "POLYAXON_GIT_CREDENTIALS"], { input: secret });
    const words = ["connections", "check", "repo-test", ...more, ...NAMED, "-o", "json"];
    const { stdout, stderr, exitCode } = await desk.bowline(words);
    const { errors } = checkFailure(JSON.parse(stdout));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ code: expected.code, connection: "repo-test" });
    expect(exitCode).toBe(expected.exit);
    expect(`${stdout}${stderr}`).not.toContain("t0ken");
  });

  test("check of a kind that has no repository says so", async () => {
    const desk = await deskWithCatalog();
    const { exitCode, stderr } = await desk.bowline(["connections", "check", "other"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("has no url to check");
  });

  test("trust is for ssh", async () => {
    const desk = await deskWithCatalog();
    const { exitCode, stderr } = await desk.bowline(["connections", "trust", "repo-test", "-y"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("does not use ssh");
  });
});

const NAMED = ["--config", "bowline.yaml"];

async function deskWithCatalog(): Promise<Desk> {
  const desk = await newDesk();
  await desk.write(
    "bowline.yaml",
    `connections:
  - {name: repo-test, kind: git, description: Code, schema: {url: "${server.url}/org/test"}, secret: {name: git-secret}}
  - {name: other, kind: slack}
`,
  );
  return desk;
}
