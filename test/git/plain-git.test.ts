import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { GitRequest } from "../../src/git/index.ts";
import {
  DEFAULT_REPOSITORY,
  git,
  makeSshKey,
  noSshServer,
  startGitServer,
  startSshServer,
  temporaryFolder,
  type ForgeName,
} from "../support/index.ts";
import { fetchCode, requestFor } from "./request.ts";

const servers: { close: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

/** A repository that can be pushed to, and what plain git has to be told to reach it. */
interface Place {
  request: GitRequest;
  words: string[];
}

async function overHttp(forge: ForgeName): Promise<Place> {
  const server = await startGitServer({ forge });
  servers.push(server);
  await server.add("org/test", { ...DEFAULT_REPOSITORY, config: { "http.receivepack": "true" } });
  return { request: requestFor(`${server.url}/org/test.git`), words: [] };
}

async function overSsh(): Promise<Place> {
  const repositories = await startGitServer();
  await repositories.add("org/test");
  const key = await makeSshKey();
  const server = await startSshServer({ root: repositories.root, keys: [{ publicKey: key.publicKey }], push: true });
  servers.push(repositories, server);
  const { knownHosts, host, port } = server;
  const ssh = { privateKey: key.privateKey };
  const credential = { scope: `ssh://${host}:${port}/org/`, source: "test", ssh, knownHosts, secretValues: [] };
  const folder = await temporaryFolder();
  const [keyFile, hosts] = [join(folder, "key"), join(folder, "hosts")];
  await writeFile(keyFile, key.privateKey, { mode: 0o600 });
  await writeFile(hosts, knownHosts);
  const command = `ssh -F /dev/null -o BatchMode=yes -o IdentitiesOnly=yes -o UserKnownHostsFile=${hosts} -i ${keyFile}`;
  const findCredential = (): Promise<typeof credential> => Promise.resolve(credential);
  return {
    request: requestFor(`${server.url}/org/test.git`, { findCredential }),
    words: ["-c", `core.sshCommand=${command}`],
  };
}

/** What somebody does in a target, and somebody else in another one, with plain git. */
async function workIn({ request, words }: Place): Promise<void> {
  const asked = { ...request, revision: "main", cache: await temporaryFolder() };
  const [first, second] = [await fetchCode(asked), await fetchCode(asked)];
  expect([first.reference.cache, second.reference.cache]).toEqual(["miss", "hit"]);
  const me = ["-c", "user.name=x", "-c", "user.email=x@y"];
  async function changeAndPush(target: string, text: string): Promise<string> {
    await writeFile(join(target, "model.py"), text);
    expect(await git(target, ["diff", "--stat"])).toContain("1 file changed");
    await git(target, [...me, "commit", "-qam", text]);
    await git(target, [...words, "push", "-q", "origin", "HEAD"]);
    return git(target, ["rev-parse", "HEAD"]);
  }
  const one = await changeAndPush(first.target, "one");
  await git(second.target, [...words, "pull", "-q", "--ff-only"]);
  expect(await git(second.target, ["rev-parse", "HEAD"])).toBe(one);
  const two = await changeAndPush(second.target, "two");
  await git(first.target, [...words, "pull", "-q", "--ff-only"]);
  expect(await git(first.target, ["log", "--format=%H", "-2"])).toBe(`${two}\n${one}`);
  for (const { target } of [first, second]) {
    expect(await git(target, ["status", "--porcelain=v2", "--branch"])).toContain("# branch.ab +0 -0");
    expect(await git(target, ["status", "--porcelain"])).toBe("");
    await git(target, [...words, "fetch", "-q", "origin", "branchA:branchA"]);
    await git(target, ["switch", "-q", "branchA"]);
    expect(await git(target, ["status", "--porcelain"])).toBe("");
    expect(await git(target, ["fsck", "--strict"])).toBe("");
  }
}

test.each(["plain", "v0", "v1"] as const)(
  "plain git works in a target that came over http from a server that is %s",
  async (forge) => {
    await workIn(await overHttp(forge));
  },
);

const without = noSshServer === undefined ? "" : ` (skipped: ${noSshServer})`;
test.skipIf(noSshServer !== undefined)(`plain git works in a target that came over ssh${without}`, async () => {
  await workIn(await overSsh());
});
