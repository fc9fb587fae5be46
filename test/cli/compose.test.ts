import { execa } from "execa";
import { spawnSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { BUSYBOX, dockerHost, git, IMAGE, noDocker, startGitServer, type GitServer } from "../support/index.ts";
import { newDesk, type Desk } from "./bowline.ts";

const TOKEN = "t0ken of compose$1";

/** Compose v2 as a plugin of docker, or v1 as a program. */
const COMPOSE = [["docker", "compose"], ["docker-compose"]].find(
  ([program = "", ...words]) => spawnSync(program, [...words, "version"], { stdio: "ignore" }).status === 0,
);
const noCompose = COMPOSE === undefined ? "no docker compose here" : undefined;

let server: GitServer;
beforeAll(async () => {
  server = await startGitServer({ accounts: [{ token: TOKEN, access: ["org"] }] });
  await server.add("org/test");
});
afterAll(() => server.close());

async function deskOf(run: string): Promise<Desk> {
  const desk = await newDesk();
  const connection = `{name: Repo.Test, kind: git, schema: {url: "${server.url}/org/test"}, secret: {name: git.secret}}`;
  await desk.write("bowline.yaml", `connections: [${connection}]\ninit: {image: "${IMAGE}"}\n`);
  await desk.bowline(["secrets", "set", "git.secret", "POLYAXON_GIT_CREDENTIALS"], { input: TOKEN });
  await desk.write("job.yaml", `version: 1.1\nkind: component\nname: My Job\nrun:\n${run}`.replace("My Job", "my-job"));
  return desk;
}

const RUN = `  kind: job
  environment: {hostNetwork: true, securityContext: {runAsUser: 4321, runAsGroup: 4321}}
  init:
    - file: {filename: "a $b.txt", content: "$HOME of 100%"}
    - {connection: Repo.Test, git: {revision: branchA}}
    - container: {name: pre, image: "${BUSYBOX}", command: [sh, -c, "cat .git/HEAD"], workingDir: Repo.Test}
  connections: [Repo.Test]
  container:
    image: "${IMAGE}"
    command: [sh, -c, "git pull -q && git status --porcelain && git log --format=%H -1 && cat '../a $b.txt' && echo && touch new && id -u; exit 3"]
    resources: {limits: {cpu: 500m, memory: 256Mi}}
    env: [{name: API_KEY, valueFrom: {secretKeyRef: {name: api, key: key.txt}}}]
`;

interface Document {
  services: Record<string, { image: string; command?: string[]; depends_on?: Record<string, { condition: string }> }>;
  secrets: Record<string, { file: string }>;
}

test("the same steps in the same order, the commit pinned, every secret by reference and none by value", async () => {
  const desk = await deskOf(RUN);
  const { stdout, stderr, exitCode } = await desk.bowline(["compose", "-f", "job.yaml", "--config", "bowline.yaml"]);
  expect({ stderr, exitCode }).toMatchObject({ exitCode: 0 });
  expect(stdout).not.toContain(TOKEN);
  expect(stdout).not.toContain(Buffer.from(TOKEN).toString("base64").slice(0, 20));
  const document = parse(stdout) as Document;
  const order = Object.keys(document.services);
  expect(order).toEqual(["init-context", "init-a-b-txt", "init-repo-test", "init-pre", "main"]);
  for (const [index, name] of order.entries()) {
    const before = order[index - 1];
    const waits = before === undefined ? undefined : { [before]: { condition: "service_completed_successfully" } };
    expect(document.services[name]?.depends_on).toEqual(waits);
  }
  const commit = await git(join(server.root, "org/test.git"), ["rev-parse", "branchA"]);
  expect(document.services["init-repo-test"]).toMatchObject({ image: IMAGE });
  expect(document.services["init-repo-test"]?.command).toContain(`--commit=${commit}`);
  expect(Object.values(document.secrets)).toEqual([{ file: "./secrets/git.secret/POLYAXON_GIT_CREDENTIALS" }]);
  expect(stdout).toContain("${API_KEY_TXT:?");
});

test("a revision that is not there is the error that a run would give", async () => {
  const desk = await deskOf(RUN.replace("branchA", "branchX"));
  const { stdout, stderr, exitCode } = await desk.bowline(["compose", "-f", "job.yaml", "--config", "bowline.yaml"]);
  expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 3 });
  expect(stderr).toContain("GIT_REVISION_NOT_FOUND");
});

const why = noCompose ?? noDocker;
describe.skipIf(why !== undefined)(`with docker compose${why === undefined ? "" : ` (skipped: ${why})`}`, () => {
  test("the file is valid, and runs: init steps, git in the job, exit code", async () => {
    const desk = await deskOf(RUN);
    const { stdout } = await desk.bowline(["compose", "-f", "job.yaml", "--config", "bowline.yaml"]);
    const path = await desk.write("docker-compose.yml", stdout);
    await put(path, "secrets/git.secret/POLYAXON_GIT_CREDENTIALS", TOKEN);
    await put(path, "secrets/git.secret.env", "OTHER=x\n");
    const compose = (...words: string[]) => {
      const [program = "", ...first] = COMPOSE as string[];
      const env = { DOCKER_HOST: dockerHost, API_KEY_TXT: "k$y" };
      return execa(program, [...first, "-f", path, ...words], { env, reject: false, stdin: "ignore" });
    };
    const config = await compose("config");
    expect({ stderr: config.exitCode === 0 ? "" : config.stderr, code: config.exitCode }).toEqual({
      stderr: "",
      code: 0,
    });
    try {
      const ran = await compose("run", "--rm", "main");
      const commit = await git(join(server.root, "org/test.git"), ["rev-parse", "branchA"]);
      expect({
        out: ran.stdout.split(/\r?\n/),
        code: ran.exitCode,
        error: ran.exitCode === 3 ? "" : ran.stderr,
      }).toEqual({
        ...{ out: [commit, "$HOME of 100%", "4321"], code: 3, error: "" },
      });
    } finally {
      await compose("down", "-v", "--remove-orphans");
    }
  }, 120_000);
});

async function put(beside: string, name: string, text: string): Promise<void> {
  const path = join(dirname(beside), name);
  await mkdir(dirname(path), { recursive: true });
  // The one user of the job is not this one; a real secret is his alone.
  await writeFile(path, text, { mode: 0o644 });
}
