import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunRecord } from "../../../src/runs/index.ts";
import { newDesk } from "../../cli/bowline.ts";
import { until } from "../../runs/living.ts";
import { dockerHost, IMAGE, noDocker, startGitServer, type GitServer } from "../../support/index.ts";
import { docker } from "./engine.ts";

const TOKEN = "t0ken-word-of-secrecy";
const NEXT = "an0ther-word-of-secrecy";
const ENV = { DOCKER_HOST: dockerHost };

let server: GitServer;
beforeAll(async () => {
  server = await startGitServer({ accounts: [{ token: TOKEN, access: ["org"] }] });
  await server.add("org/test");
});
afterAll(() => server.close());

const why = noDocker === undefined ? "" : ` (skipped: ${noDocker})`;
describe.skipIf(noDocker !== undefined)(`secrets in Docker${why}`, () => {
  test("a mounted secret is in no description of the container, follows a change, and is gone with it", async () => {
    const desk = await newDesk();
    Object.assign(desk.env, ENV, { BOWLINE_CONFIG: "bowline.yaml" });
    await desk.write(
      "bowline.yaml",
      `executor: docker
connections: [{name: repo, kind: git, schema: {url: "${server.url}/org/test"}, secret: {name: s, mountPath: /etc/s}}]
`,
    );
    const set = (input: string) => desk.bowline(["secrets", "set", "s", "POLYAXON_GIT_CREDENTIALS"], { input });
    await set(TOKEN);
    const script = `stat -c '%a %u' /bowline/git/0.credential /etc/s/POLYAXON_GIT_CREDENTIALS; echo re''ady
      while [ ! -e {{ globals.artifacts_path }}/go ]; do sleep 0.1; done; git fetch && echo let in`;
    await desk.write(
      "job.yaml",
      `version: 1.1
kind: component
run:
  kind: job
  init: [{connection: repo}]
  connections: [repo]
  environment: {hostNetwork: true, securityContext: {runAsUser: 4711}}
  container: {image: "${IMAGE}", command: [sh, -c, ${JSON.stringify(script)}]}
`,
    );
    const { stdout } = await desk.bowline(["run", "-f", "job.yaml", "-d", "-o", "json"]);
    const { uuid } = JSON.parse(stdout) as RunRecord;
    const texts = async () => (await desk.bowline(["logs", uuid])).stdout.split("\n");
    await until(async () => (await texts()).includes("ready"));
    expect((await texts()).slice(0, 2)).toEqual(["600 4711", "600 4711"]);
    const [id = ""] = (await docker(["ps", "-q", "--filter", `label=bowline.run=${uuid}`], ENV)).split("\n");
    const seen = [await docker(["inspect", id], ENV), await docker(["history", IMAGE], ENV)].join("");
    expect(seen).not.toContain(TOKEN);
    for (const path of filesBelow(join(desk.folder, "home")))
      expect(readFileSync(path, "latin1"), path).not.toContain(TOKEN);
    server.accounts[0] = { token: NEXT, access: ["org"] };
    await set(NEXT);
    // It is looked every two seconds whether a secret was changed.
    await until(async () => (await docker(["exec", id, "cat", "/bowline/git/0.credential"], ENV)).includes(NEXT));
    await desk.write(join("home/state/runs", uuid, "artifacts/go"), "");
    await until(
      async () =>
        (JSON.parse((await desk.bowline(["get", uuid, "-o", "json"])).stdout) as RunRecord).status === "succeeded",
    );
    expect(await texts()).toContain("let in");
    expect(await docker(["volume", "ls", "-q", "--filter", `label=bowline.run=${uuid}`], ENV)).toBe("");
  });
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
