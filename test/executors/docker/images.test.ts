import { execa } from "execa";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunRecord } from "../../../src/runs/index.ts";
import { newDesk, type Answer } from "../../cli/bowline.ts";
import { BUSYBOX, dockerHost, noDocker, temporaryFolder } from "../../support/index.ts";
import { docker, dockerLeftOf } from "./engine.ts";
import { startRegistry, type Registry } from "./registry.ts";

const ENV = { DOCKER_HOST: dockerHost };
const USER = { user: "ada", password: "pass of ada" };

const why = noDocker === undefined ? "" : ` (skipped: ${noDocker})`;
describe.skipIf(noDocker !== undefined)(`images in Docker${why}`, () => {
  let registry: Registry;
  beforeAll(async () => {
    // The file system of an image that is here, as one layer.
    const id = await docker(["create", BUSYBOX, "true"], ENV);
    const { stdout } = await execa("docker", ["export", id], { env: ENV, encoding: "buffer", maxBuffer: 2 ** 28 });
    await docker(["rm", id], ENV);
    registry = await startRegistry(Buffer.from(stdout), USER);
  });
  afterAll(async () => {
    await docker(["rmi", `${registry.host}/team/image:tag`], ENV).catch(() => "");
    await registry.close();
  });

  async function runImage(image: string, settings: object, more = ""): Promise<{ answer: Answer; record: RunRecord }> {
    const desk = await newDesk();
    const folder = await temporaryFolder();
    await writeFile(join(folder, "config.json"), JSON.stringify(settings));
    const bin = join(folder, "bin");
    await mkdir(bin);
    const said = JSON.stringify({ ServerURL: registry.host, Username: USER.user, Secret: USER.password });
    await writeFile(
      join(bin, "docker-credential-test"),
      `#!/bin/sh\nread server; [ "$server" = ${registry.host} ] && echo '${said}'\n`,
    );
    await chmod(join(bin, "docker-credential-test"), 0o755);
    Object.assign(desk.env, ENV, { DOCKER_CONFIG: folder, PATH: `${bin}:${process.env["PATH"]}` });
    await desk.write(
      "job.yaml",
      `version: 1.1
kind: component
run:
  kind: job
  container: {image: "${image}", command: [echo, ran]${more}}
`,
    );
    const answer = await desk.bowline(["run", "-f", "job.yaml", "--executor", "docker", "-o", "json"]);
    return { answer, record: JSON.parse(answer.stdout) as RunRecord };
  }

  test.each([
    ["auths of docker login", (host: string) => ({ auths: { [host]: { auth: basic() } } })],
    ["a credential helper of the registry", (host: string) => ({ credHelpers: { [host]: "test" } })],
    ["the store of all registries", () => ({ credsStore: "test" })],
  ])("an absent image is pulled with the credential of %s, and its progress is told", async (_, settings) => {
    const image = `${registry.host}/team/image:tag`;
    await docker(["rmi", image], ENV).catch(() => "");
    const { answer, record } = await runImage(image, settings(registry.host));
    expect({ status: record.status, errors: record.errors }).toEqual({ status: "succeeded", errors: undefined });
    expect(answer.stderr).toContain(`pulled the image ${image}`);
    expect(answer.stderr + answer.stdout).not.toContain(USER.password);
    expect(registry.authorizations).toContain(`Basic ${basic()}`);
  });

  test("without a credential, or with a name that is not there, the registry's words are the reason", async () => {
    for (const [image, settings] of [
      [`${registry.host}/team/other:tag`, { auths: { [registry.host]: { auth: basic() } } }],
      [`${registry.host}/team/image:other`, {}],
    ] as const) {
      const { answer, record } = await runImage(image, settings);
      expect(record).toMatchObject({ status: "failed", errors: [{ code: "IMAGE_NOT_PULLED", line: 5 }] });
      expect(record.message).toContain(image);
      expect(answer.exitCode).toBe(1);
      expect(await dockerLeftOf(record.uuid, ENV)).toEqual([]);
    }
  });

  test("imagePullPolicy Never asks nobody", async () => {
    const asked = registry.authorizations.length;
    const { record } = await runImage(`${registry.host}/team/never:tag`, {}, ", imagePullPolicy: Never");
    expect(record).toMatchObject({ errors: [{ code: "IMAGE_NOT_PULLED" }] });
    expect(registry.authorizations.length).toBe(asked);
  });
});

function basic(): string {
  return Buffer.from(`${USER.user}:${USER.password}`).toString("base64");
}
