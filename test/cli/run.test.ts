import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkChecked, checkFailure, checkNoNull, checkRunRecord } from "../support/contract.ts";
import { startGitServer, type GitServer, type Repository } from "../support/index.ts";
import { BOWLINE, newDesk, type Answer, type Desk } from "./bowline.ts";

const TOKEN = "t0ken @/#%?";

let server: GitServer;
let repository: Repository;

beforeAll(async () => {
  server = await startGitServer({ accounts: [{ token: TOKEN, access: ["org"] }], public: ["public"] });
  repository = await server.add("org/test");
  await server.add("public/test");
});

afterAll(() => server.close());

describe("bowline run", () => {
  test("runs the right commit of a private repository: the job's stdout on stdout, the rest on stderr", async () => {
    const desk = await deskWithSecret();
    await desk.write("job.yaml", job("cat model.py; echo done; echo aside >&2", "branchA"));
    const { stdout, stderr, exitCode } = await desk.bowline(["run", "-f", "job.yaml", ...NAMED]);
    expect(stderr).toContain("resolved");
    expect(stdout).toBe('print("hello from branchA")\ndone\n');
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^aside$/m);
    const short = repository.commits["branchA"]!.slice(0, 8);
    expect(stderr).toMatch(new RegExp(`succeeded after .*\\n  repo-test  ${short}  \\(branchA\\)  Train longer\\n$`));
  });

  test("a stdout that takes nothing does not end the run", async () => {
    const desk = await deskWithSecret();
    await desk.write("job.yaml", job("echo one; sleep 0.5; echo two; sleep 0.5; echo end >&2", "branchA"));
    const words = [process.execPath, BOWLINE, "run", "-f", "job.yaml", ...NAMED];
    const options = { cwd: desk.folder, env: desk.env, extendEnv: false, reject: false };
    const { stderr, exitCode } = await execa("sh", ["-c", '"$@" >/dev/full', "sh", ...words], options);
    expect({ exitCode, ended: /^end$/m.test(stderr) }).toEqual({ exitCode: 0, ended: true });
    expect(stderr).toContain("standard output cannot be written (ENOSPC); the run goes on");
  });

  test("-o json leaves stdout to the run record", async () => {
    const desk = await deskWithSecret();
    await desk.write("job.yaml", job("echo done", "branchA"));
    const { stdout, stderr } = await desk.bowline(["run", "-f", "job.yaml", "-o", "json", ...NAMED]);
    const record = checkRunRecord(JSON.parse(stdout));
    checkNoNull(JSON.parse(stdout));
    expect(record).toMatchObject({ name: "job", kind: "job", executor: "process", status: "succeeded", exitCode: 0 });
    expect(record.codeReferences[0]).toMatchObject({
      connection: "repo-test",
      revision: "branchA",
      ref: "refs/heads/branchA",
      commit: repository.commits["branchA"],
      cache: "miss",
    });
    expect(stderr).toMatch(/^done$/m);
  });

  test.each([
    ["exit 3", { exitCode: 3, status: "failed", reason: "ExitCode" }],
    ["kill -9 $$", { exitCode: 137, status: "failed" }],
  ])("a job that ends by %j is a failed run: exit code 1, its own in the record", async (script, expected) => {
    const desk = await deskWithSecret();
    await desk.write("job.yaml", job(script));
    const { stdout, exitCode } = await desk.bowline(["run", "-f", "job.yaml", "-o", "json", ...NAMED]);
    expect(exitCode).toBe(1);
    expect(checkRunRecord(JSON.parse(stdout))).toMatchObject(expected);
  });

  test.each([
    ["an unknown branch", { revision: "branchB" }, { code: "GIT_REVISION_NOT_FOUND", exit: 3, hint: /branchA/ }],
    ["an unknown repository", { path: "org/absent" }, { code: "GIT_REPOSITORY_NOT_FOUND", exit: 3, hint: /./ }],
    ["a wrong token", { secret: "wrong" }, { code: "GIT_CREDENTIAL_REFUSED", exit: 4, hint: /bowline secrets set/ }],
    ["a dead host", { origin: "http://127.0.0.1:9" }, { code: "HOST_REFUSED", exit: 5, hint: /./ }],
  ])("%s is said before anything runs", async (_, broken, expected) => {
    const desk = await deskWithSecret(broken);
    await desk.write("job.yaml", job("echo ran", "revision" in broken ? broken.revision : "main"));
    const { stdout, stderr, exitCode } = await desk.bowline(["run", "-f", "job.yaml", "-o", "json", ...NAMED]);
    const record = checkRunRecord(JSON.parse(stdout));
    expect(record.status).toBe("failed");
    expect(record.errors![0]!.code).toBe(expected.code);
    expect(record.errors![0]!.hint).toMatch(expected.hint);
    expect(exitCode).toBe(expected.exit);
    expect(stderr).toContain(`[${expected.code}]`);
    expect(stderr).not.toMatch(/^ran$/m);
  });

  test("every problem of a file is said at once, with its place, and there is no run", async () => {
    const desk = await deskWithSecret();
    await desk.write("job.yaml", "kind: component\nrun:\n  kind: jbo\n  initt: []\n  container: {comand: [ls]}\n");
    const { stdout, stderr, exitCode } = await desk.bowline(["run", "-f", "job.yaml", "-o", "json", ...NAMED]);
    const { errors } = checkFailure(JSON.parse(stdout));
    expect(exitCode).toBe(2);
    expect(errors.length).toBeGreaterThan(1);
    for (const error of errors) expect(error).toMatchObject({ file: "job.yaml", line: expect.any(Number) as number });
    expect(stderr).toMatch(/> 3 \|   kind: jbo\n\s+\|\s+\^/);
    expect((await desk.bowline(["ps", "-o", "json"])).stdout).toBe("[]\n");
  });

  test("a found config may use no secret until it is trusted, and says how", async () => {
    const desk = await deskWithSecret();
    await desk.write("job.yaml", job("echo ran"));
    const refused = await desk.bowline(["run", "-f", "job.yaml"]);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain("[CONFIG_UNTRUSTED]");
    expect(refused.stderr).toMatch(/bowline config trust/);
    expect((await desk.bowline(["config", "trust"])).exitCode).toBe(2);
    expect((await desk.bowline(["config", "trust", "-y"])).exitCode).toBe(0);
    expect((await desk.bowline(["run", "-f", "job.yaml"])).stdout).toBe("ran\n");
  });

  test("a config whose connections need its own policy can be trusted, and says before that this is missing", async () => {
    const desk = await newDesk();
    await desk.write(
      "bowline.yaml",
      "policy: {schemes: [https, file]}\nconnections: [{name: here, kind: git, schema: {url: file:///srv/code}}]\n",
    );
    const refused = await desk.bowline(["connections", "ls", "-o", "json"]);
    const codes = (JSON.parse(refused.stdout) as { errors: { code: string }[] }).errors.map(({ code }) => code);
    expect([refused.exitCode, codes]).toEqual([2, ["POLICY_REFUSED", "CONFIG_UNTRUSTED"]]);
    expect((await desk.bowline(["config", "trust", "-y"])).exitCode).toBe(0);
    expect((await desk.bowline(["connections", "ls", "-o", "name"])).stdout).toBe("here\n");
  });

  test("a found config serves public repositories at once, and takes the command from the line", async () => {
    const desk = await deskWithSecret();
    await desk.write("job.yaml", "run:\n  kind: job\n  init: [{connection: open}]\n");
    expect((await desk.bowline(["run", "-f", "job.yaml", "--", "cat", "model.py"])).stdout).toBe(
      'print("hello from main")\n',
    );
    const without = await desk.bowline(["run", "-f", "job.yaml"]);
    expect(without).toMatchObject({ stdout: "", exitCode: 2 });
    expect(without.stderr).toContain("[CONTAINER_MISSING]");
    expect((await desk.bowline(["check", "-f", "job.yaml"])).exitCode).toBe(0);
  });

  test("reads standard input, presets and params", async () => {
    const desk = await deskWithSecret();
    const input = `version: 1.1
kind: component
inputs: [{name: who, type: str}]
run: {kind: job, container: {command: [sh, -c], args: ["echo $GREETING {{ who }}"], env: [{name: GREETING, value: hello}]}}
`;
    const words = ["run", "-f", "-", "-P", "who=Ada=1"];
    expect((await desk.bowline(words, { input })).stdout).toBe("hello Ada=1\n");
    const twice = await desk.bowline([...words, "-P", "who=x"], { input });
    expect(twice).toMatchObject({ exitCode: 2, stdout: "" });
    expect(twice.stderr).toContain("-P who is given twice");
    const missing = await desk.bowline(["run", "-f", "-"], { input });
    expect(missing.exitCode).toBe(2);
    expect(missing.stderr).toContain("<stdin>:3");
  });

  test("without -f the default names are looked for", async () => {
    const desk = await deskWithSecret();
    const none = await desk.bowline(["run"]);
    expect(none.exitCode).toBe(2);
    expect(none.stderr).toContain("-f FILE");
    await desk.write("polyaxonfile.yml", "run: {kind: job, container: {command: [echo, default]}}\n");
    expect((await desk.bowline(["run"])).stdout).toBe("default\n");
  });

  test("--git-preset puts this folder's repository in front, at the revision asked for", async () => {
    const desk = await deskWithSecret();
    await desk.write("job.yaml", "run: {kind: job, container: {command: [cat, model.py]}}\n");
    expect((await desk.bowline(["init", "--git-connection", "repo-tset"])).exitCode).toBe(3);
    expect((await desk.bowline(["init", "--git-connection", "repo-test"])).exitCode).toBe(0);
    const words = ["run", "-f", "job.yaml", "--git-revision", "branchA", ...NAMED];
    expect((await desk.bowline(words)).stdout).toBe('print("hello from branchA")\n');
    const here = await desk.bowline(["run", "-f", "job.yaml", "--git-preset", ...NAMED]);
    expect(here.stderr).toContain("no git clone");
    expect(here.stdout).toBe('print("hello from main")\n');
  });

  test("a timeout is exit code 124", async () => {
    const desk = await deskWithSecret();
    await desk.write("job.yaml", "termination: {timeout: 1}\nrun: {kind: job, container: {command: [sleep, '60']}}\n");
    const { stdout, exitCode } = await desk.bowline(["run", "-f", "job.yaml", "-o", "json"]);
    expect(checkRunRecord(JSON.parse(stdout))).toMatchObject({ status: "failed", reason: "Timeout" });
    expect(exitCode).toBe(124);
  });

  test("an executor that is not there is exit code 5", async () => {
    const desk = await deskWithSecret();
    await desk.write("job.yaml", job("echo ran"));
    const words = ["run", "-f", "job.yaml", "--executor", "docker", "--image", "i", "-o", "json", ...NAMED];
    const env = { DOCKER_HOST: "unix:///nowhere/docker.sock" };
    const { stdout, exitCode } = await desk.bowline(words, { env });
    expect(checkFailure(JSON.parse(stdout)).errors[0]!.code).toBe("EXECUTOR_ABSENT");
    expect(exitCode).toBe(5);
  });
});

describe("bowline check", () => {
  test("prints the plan, which names secrets and holds none", async () => {
    const desk = await deskWithSecret();
    await desk.write("job.yaml", job("echo {{ globals.uuid }}", "branchA"));
    const { stdout, exitCode } = await desk.bowline(["check", "-f", "job.yaml", "-o", "json", ...NAMED]);
    expect(exitCode).toBe(0);
    const { plan, warnings } = checkChecked(JSON.parse(stdout));
    checkNoNull(JSON.parse(stdout));
    expect(plan["name"]).toBe("job");
    expect(warnings).toBeUndefined();
    expect(stdout).toContain("git-secret");
    expect((await desk.bowline(["check", "-f", "job.yaml", ...NAMED])).stdout).toMatch(/^job job: valid\n/);
  });
});

const NAMED = ["--config", "bowline.yaml"];

/** A desk with a catalog of the server's repositories, and the secret stored. No answer may ever show the token. */
async function deskWithSecret(
  options: { secret?: string; path?: string; origin?: string; revision?: string } = {},
): Promise<Desk> {
  const desk = await newDesk();
  const { secret = TOKEN, path = "org/test", origin = server.url } = options;
  await desk.write(
    "bowline.yaml",
    `connections:
  - {name: repo-test, kind: git, schema: {url: "${origin}/${path}"}, secret: {name: git-secret}}
  - {name: open, kind: git, schema: {url: "${server.url}/public/test"}}
`,
  );
  await desk.bowline(["secrets", "set", "git-secret", "POLYAXON_GIT_CREDENTIALS"], { input: `${secret}\n` });
  return {
    ...desk,
    async bowline(...args): Promise<Answer> {
      const answer = await desk.bowline(...args);
      expect(`${answer.stdout}${answer.stderr}`).not.toContain("t0ken");
      return answer;
    },
  };
}

function job(script: string, revision = "main"): string {
  return `version: 1.1
kind: component
name: job
run:
  kind: job
  init:
    - connection: repo-test
      git: {revision: ${revision}}
  container:
    command: [sh, -c, ${JSON.stringify(script)}]
`;
}
