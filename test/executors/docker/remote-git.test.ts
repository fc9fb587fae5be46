import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunRecord } from "../../../src/runs/index.ts";
import { newDesk } from "../../cli/bowline.ts";
import { BUSYBOX, dockerHost, IMAGE, noDocker, startGitServer, type GitServer } from "../../support/index.ts";
import { dockerLeftOf } from "./engine.ts";
import { startRelay, type Relay } from "./relay.ts";

const why = noDocker === undefined ? "" : ` (skipped: ${noDocker})`;
describe.skipIf(noDocker !== undefined)(`a git step that an engine elsewhere cannot do${why}`, () => {
  let server: GitServer;
  let relay: Relay;
  beforeAll(async () => {
    server = await startGitServer();
    await server.add("org/test");
    relay = await startRelay(dockerHost);
  });
  afterAll(async () => {
    await relay.close();
    await server.close();
  });

  test.each([
    ["memory", `image: "${IMAGE}", resources: {limits: {memory: 10Mi}}`, "RUN_FAILED", "memory", "init.resources"],
    ["its image", 'image: "127.0.0.1:1/bowline:none"', "IMAGE_NOT_PULLED", "bowline:none", "init.image"],
  ])("for want of %s", async (_, init, code, message, hint) => {
    const desk = await newDesk();
    desk.env["DOCKER_HOST"] = `tcp://127.0.0.1:${relay.port}`;
    await desk.write("bowline.yaml", `executor: docker\nconnections: []\ninit: {${init}}\n`);
    desk.env["BOWLINE_CONFIG"] = "bowline.yaml";
    const container = `{image: "${BUSYBOX}", command: ["true"]}`;
    await desk.write(
      "job.yaml",
      `version: 1.1
kind: component
run:
  kind: job
  environment: {hostNetwork: true}
  init: [{git: {url: "${server.url}/org/test"}}]
  container: ${container}
`,
    );
    const { stdout, exitCode } = await desk.bowline(["run", "-f", "job.yaml", "-o", "json"]);
    const record = JSON.parse(stdout) as RunRecord;
    expect(record).toMatchObject({ status: "failed", errors: [{ code, file: "job.yaml", line: 6 }] });
    expect(record.errors?.[0]?.message).toContain(message);
    expect(record.errors?.[0]?.hint).toContain(hint);
    expect(exitCode).toBe(1);
    expect(await dockerLeftOf(record.uuid, { DOCKER_HOST: dockerHost })).toEqual([]);
  });
});
