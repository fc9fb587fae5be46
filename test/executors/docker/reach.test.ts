import { createHash } from "node:crypto";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { newDesk, type Desk } from "../../cli/bowline.ts";
import {
  BUSYBOX,
  dockerHost,
  makeSshKey,
  noDocker,
  noSshServer,
  startSshServer,
  temporaryFolder,
} from "../../support/index.ts";
import { certificate } from "../../support/certificates.ts";
import { startRelay } from "./relay.ts";

const JOB = `version: 1.1
kind: component
run: {kind: job, container: {image: "${BUSYBOX}", command: [echo, reached]}}
`;

async function deskWith(env: Record<string, string>): Promise<Desk> {
  const desk = await newDesk();
  Object.assign(desk.env, env);
  await desk.write("job.yaml", JOB);
  return desk;
}

function run(desk: Desk, ...words: string[]) {
  return desk.bowline(["run", "-f", "job.yaml", "--executor", "docker", ...words]);
}

/** Exit code 5 before there is a run, and what to do. */
async function expectAbsent(desk: Desk, what: RegExp): Promise<void> {
  const { stdout, exitCode } = await run(desk, "-o", "json");
  const { errors } = JSON.parse(stdout) as { errors: { code: string; message: string; hint: string }[] };
  expect(errors).toMatchObject([{ code: "EXECUTOR_ABSENT" }]);
  expect(errors[0]?.message).toMatch(what);
  expect(errors[0]?.hint).not.toBe("");
  expect(exitCode).toBe(5);
  expect(JSON.parse((await desk.bowline(["ps", "-o", "json"])).stdout)).toEqual([]);
}

async function doctor(host: string): Promise<{ line: string; exitCode: number | undefined }> {
  const desk = await deskWith({ DOCKER_HOST: host });
  const { stdout, exitCode } = await desk.bowline(["doctor", "--executor", "docker"]);
  return { line: /^docker .*$/m.exec(stdout)?.[0] ?? "", exitCode };
}

test("doctor says of an engine that is not there that it is not", async () => {
  const { line, exitCode } = await doctor("unix:///nowhere/docker.sock");
  expect(line).toMatch(/^docker +wrong .*no such socket/);
  expect(exitCode).toBe(2);
});

describe("an engine that is not there", () => {
  test.each([
    ["no such socket", "unix:///nowhere/docker.sock", /no such socket/],
    ["nobody listens", "tcp://127.0.0.1:1", /refused/],
    ["no such host over ssh", "ssh://127.0.0.1:1", /Connection refused/],
  ])("%s", async (_, host, what) => {
    await expectAbsent(await deskWith({ DOCKER_HOST: host }), what);
  });

  test("something else answers, or an engine from before 20.10", async () => {
    let version: string | undefined;
    const server = createServer((_, response) => {
      response.writeHead(200, version === undefined ? {} : { "api-version": version }).end("OK");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const host = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await expectAbsent(await deskWith({ DOCKER_HOST: host }), /no Docker Engine/);
    version = "1.40";
    await expectAbsent(await deskWith({ DOCKER_HOST: host }), /1\.40.*1\.41/);
    server.closeAllConnections();
    server.close();
  });

  test("a text that names no engine is an error of usage", async () => {
    for (const host of ["docker.sock", "unix://relative", "ssh://-oProxyCommand=x", "tcp://user:pass@host:1"]) {
      const { stderr, exitCode } = await run(await deskWith({ DOCKER_HOST: host }));
      expect({ exitCode, host }).toEqual({ exitCode: 2, host });
      expect(stderr).not.toContain("pass");
    }
  });
});

const why = noDocker === undefined ? "" : ` (skipped: ${noDocker})`;

test.skipIf(noDocker !== undefined)(`doctor says which engine answers${why}`, async () => {
  const { line, exitCode } = await doctor(dockerHost!);
  expect(line).toMatch(/^docker +ok .*: \d+\.\d+\S*, API 1\.\d+$/);
  expect(exitCode).toBe(0);
});
describe.skipIf(noDocker !== undefined)(`ways to an engine${why}`, () => {
  test("tcp with TLS and a client's certificate, by DOCKER_HOST and by a docker context; without them it is refused", async () => {
    const { key, cert, ca } = await certificate();
    const relay = await startRelay(dockerHost, { key, cert });
    const folder = await temporaryFolder();
    const files = { "ca.pem": ca, "cert.pem": cert, "key.pem": key };
    await writeAll(folder, files);
    const host = `tcp://127.0.0.1:${relay.port}`;
    const byHost = await deskWith({ DOCKER_HOST: host, DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: folder });
    expect((await run(byHost)).stdout).toContain("reached");
    await expectAbsent(await deskWith({ DOCKER_HOST: host, DOCKER_TLS_VERIFY: "1" }), /certificate|issuer/);

    const id = createHash("sha256").update("far").digest("hex");
    const settings = await temporaryFolder();
    await writeAll(join(settings, "contexts/meta", id), {
      "meta.json": JSON.stringify({ Name: "far", Endpoints: { docker: { Host: host, SkipTLSVerify: false } } }),
    });
    await writeAll(join(settings, "contexts/tls", id, "docker"), files);
    const byVariable = await deskWith({ DOCKER_CONFIG: settings, DOCKER_CONTEXT: "far" });
    expect((await run(byVariable)).stdout).toContain("reached");
    await writeAll(settings, { "config.json": JSON.stringify({ currentContext: "far" }) });
    expect((await run(await deskWith({ DOCKER_CONFIG: settings }))).stdout).toContain("reached");
    const other = await run(await deskWith({ DOCKER_CONFIG: settings, DOCKER_CONTEXT: "near" }));
    expect(other).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('"near"') as string });
    await relay.close();
  });

  const noSsh = noSshServer === undefined ? "" : ` (skipped: ${noSshServer})`;
  test.skipIf(noSshServer !== undefined)(`ssh://${noSsh}`, async () => {
    const key = await makeSshKey();
    const server = await startSshServer({
      ...{ root: await temporaryFolder(), keys: [{ publicKey: key.publicKey }], also: ["docker system dial-stdio"] },
    });
    const folder = await temporaryFolder();
    await writeAll(folder, { key: key.privateKey, known: server.knownHosts });
    // ssh takes the user's settings from the home that the system knows, not from HOME.
    const options = `-F /dev/null -o IdentitiesOnly=yes -o IdentityFile=${folder}/key -o UserKnownHostsFile=${folder}/known`;
    await writeAll(folder, { ssh: `#!/bin/sh\nexec /usr/bin/ssh ${options} "$@"\n` });
    await chmod(join(folder, "ssh"), 0o755);
    const host = `ssh://${server.user}@${server.host}:${server.port}`;
    const desk = await deskWith({ DOCKER_HOST: host, PATH: `${folder}:${process.env["PATH"]}` });
    const { stdout, stderr, exitCode } = await run(desk);
    expect({ stdout, stderr: exitCode === 0 ? "" : stderr }).toEqual({ stdout: "reached\n", stderr: "" });
    expect(new Set(server.commands())).toEqual(new Set(["docker system dial-stdio"]));
    await server.close();
  });
});

async function writeAll(folder: string, files: Record<string, string>): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { mode: 0o600 });
}
