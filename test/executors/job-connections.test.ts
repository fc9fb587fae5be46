import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newDesk, type Desk } from "../cli/bowline.ts";
import { until } from "../runs/living.ts";
import { git, startGitServer, temporaryFolder, type Account, type GitServer } from "../support/index.ts";

const ADA: Account = { token: "t0ken-of-ada", access: ["ada"] };
const BOB: Account = { username: "bob", password: "p@ss:w0rd of bob", access: ["bob"] };
const CREDENTIALS = { ada: ADA.token!, bob: `${BOB.username}:${BOB.password}` };
const AUTHOR = "-c user.name=A -c user.email=a@b";

let server: GitServer;
beforeAll(async () => {
  server = await startGitServer({ accounts: [ADA, BOB] });
  for (const name of ["ada/one", "ada/two", "bob/one"]) await server.add(name);
});
afterAll(() => server.close());

/** A desk with two connections of one host and different secrets, and a job that asks for both. */
async function deskOf(script: string): Promise<Desk> {
  const desk = await newDesk();
  const connection = (name: string, owner: string) =>
    `  - {name: ${name}, kind: git, schema: {url: "${server.url}/${owner}/one"}, secret: {name: ${owner}}}\n`;
  await desk.write("bowline.yaml", `connections:\n${connection("first", "ada")}${connection("second", "bob")}`);
  for (const [name, value] of Object.entries(CREDENTIALS)) await setSecret(desk, name, value);
  await desk.write(
    "job.yaml",
    `version: 1.1
kind: component
run:
  kind: job
  init: [{connection: first}, {connection: second}]
  connections: [first, second]
  container: {command: [sh, -c, ${JSON.stringify(script)}], workingDir: "{{ globals.artifacts_path }}"}
`,
  );
  return desk;
}

function setSecret(desk: Desk, name: string, value: string) {
  return desk.bowline(["secrets", "set", name, "POLYAXON_GIT_CREDENTIALS"], { input: value });
}

const RUN = ["run", "-f", "job.yaml", "--config", "bowline.yaml"];

test("plain git in a job fetches, pulls, pushes and clones with the secret of each of its connections", async () => {
  const change = `echo new > new; git add new; git ${AUTHOR} commit -qm new; git push -q origin HEAD:refs/heads/pushed`;
  const desk = await deskOf(`set -e
    for name in first second; do
      cd $name; git fetch -q; git pull -q; ${change}; git ls-remote -q origin pushed | cut -f2; cd ..
    done
    git clone -q ${server.url}/ada/two clone; git -C clone log --format=%s -1
    pwd`);
  const { stdout, stderr, exitCode } = await desk.bowline(RUN);
  expect({ stderr: exitCode === 0 ? "" : stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  const [one, two, subject, folder = ""] = stdout.trim().split("\n");
  expect([one, two]).toEqual(["refs/heads/pushed", "refs/heads/pushed"]);
  expect(subject).not.toBe("");
  for (const name of ["ada", "bob"])
    expect(await git(join(server.root, name, "one.git"), ["log", "-1", "--format=%s", "pushed"])).toContain("new");
  const configs = ["first", "second", "clone"].map((name) => readFileSync(join(folder, name, ".git/config"), "utf8"));
  for (const config of configs) expect(config).not.toMatch(/credential|extraheader|include/i);
  for (const path of filesBelow(desk.folder))
    expect(readFileSync(path, "latin1"), path).not.toMatch(/t0ken-of-ada|w0rd/);
  expect(existsSync(join(folder, "../private"))).toBe(false);
});

test("another owner on the host, and another host, get none of it", async () => {
  const other = await startGitServer({ accounts: [ADA], host: "127.0.0.2" });
  await other.add("ada/one");
  await server.add("carol/one");
  const urls = [`${other.url}/ada/one`, `${server.url}/carol/one`];
  const asked = server.requests.length;
  const desk = await deskOf(urls.map((url) => `git ls-remote ${url} && echo let in; `).join(""));
  expect(await desk.bowline(RUN)).toMatchObject({ stdout: "", exitCode: 1 });
  const sent = [...other.requests, ...server.requests.slice(asked).filter(({ path }) => path.includes("carol"))];
  expect(sent.length).toBeGreaterThan(1);
  for (const { headers } of sent) expect(headers["authorization"]).toBeUndefined();
  await other.close();
});

test("a secret that is changed while the job runs is the one that its next git uses", async () => {
  const desk = await deskOf(`file=$(echo ../private/*/git/0.credential)
    stat -c %a $file; realpath $file > path; mv path file; while [ ! -e go ]; do sleep 0.05; done
    git -C first fetch && echo let in; stat -c %a $file`);
  const runs = join(desk.folder, "home/state/runs");
  const ended = desk.bowline(RUN);
  const [uuid = ""] = await until(() => existsSync(runs) && readdirSync(runs).length > 0 && readdirSync(runs));
  const artifacts = join(runs, uuid, "artifacts");
  const path = await until(
    () => existsSync(join(artifacts, "file")) && readFileSync(join(artifacts, "file"), "utf8").trim(),
  );
  expect(readFileSync(path, "utf8")).toContain("t0ken-of-ada");
  server.accounts[0] = { ...ADA, token: "an0ther-of-ada" };
  await setSecret(desk, "ada", "an0ther-of-ada");
  await until(() => readFileSync(path, "utf8").includes("an0ther-of-ada"));
  await desk.write(join("home/state/runs", uuid, "artifacts/go"), "");
  const { stdout, stderr, exitCode } = await ended;
  server.accounts[0] = ADA;
  expect({ stdout, exitCode }).toEqual({ stdout: "600\nlet in\n600\n", exitCode: 0 });
  expect(stderr).not.toContain("an0ther");
  expect(existsSync(path)).toBe(false);
});

test("from: git: what the user's own git knows serves plain git in a job", async () => {
  const desk = await deskOf("git -C first fetch && git -C second fetch && echo let in");
  const home = await temporaryFolder();
  const store = join(home, "kept");
  await desk.write(
    "bowline.yaml",
    `connections:
  - {name: first, kind: git, schema: {url: "${server.url}/ada/one"}}
  - {name: second, kind: git, schema: {url: "${server.url}/bob/one"}, secret: {name: bob}}
credentials: [{match: "${server.url}/ada/", from: git}]
`,
  );
  await desk.write(".gitconfig", `[credential]\n\thelper = store --file ${store}\n`);
  writeFileSync(store, `http://ada:${ADA.token}@127.0.0.1:${server.port}\n`, { mode: 0o600 });
  const { stdout, stderr, exitCode } = await desk.bowline(RUN);
  expect({ stdout, exitCode, stderr: exitCode === 0 ? "" : stderr }).toEqual({
    stdout: "let in\n",
    exitCode: 0,
    stderr: "",
  });
});

test("tokens in the environment of bowline itself do not reach the job, unless inheritEnv names them", async () => {
  const tokens = { GITHUB_TOKEN: "gh0-token-word", CI_JOB_TOKEN: "ci0-token-word", BOWLINE_CONFIG: "bowline.yaml" };
  const desk = await newDesk();
  await desk.write("bowline.yaml", "connections: []\n");
  await desk.write("job.yaml", "run: {kind: job, container: {command: [env]}}\n");
  const { stdout } = await desk.bowline(["run", "-f", "job.yaml"], { env: tokens });
  expect(stdout).not.toMatch(/GITHUB_TOKEN|CI_JOB_TOKEN|0-token-word|BOWLINE_(HOME|CONFIG)/);
  await desk.write("bowline.yaml", "executor: {kind: process, inheritEnv: [GITHUB_TOKEN]}\n");
  const named = await desk.bowline(["run", "-f", "job.yaml"], { env: tokens });
  expect(named.stdout).toMatch(/^GITHUB_TOKEN=/m);
  expect(named.stdout).not.toContain("CI_JOB_TOKEN");
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
