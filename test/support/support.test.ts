import { execa } from "execa";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import {
  git,
  makeRepository,
  makeSshKey,
  noSshServer,
  startGitServer,
  startSshServer,
  temporaryFolder,
  type GitServer,
  type GitServerOptions,
} from "./index.ts";

const servers: GitServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function serve(options?: GitServerOptions): Promise<GitServer> {
  const server = await startGitServer(options);
  servers.push(server);
  return server;
}

test("the same spec gives the same commits", async () => {
  const one = await makeRepository(join(await temporaryFolder(), "one.git"));
  const two = await makeRepository(join(await temporaryFolder(), "two.git"));
  expect(one.refs).toEqual(two.refs);
  expect(Object.keys(one.refs)).toEqual(["refs/heads/branchA", "refs/heads/main", "refs/tags/v0.1", "refs/tags/v1.0"]);
  expect(one.commits["main"]).toBe("6654115d36cde16be9e359b34d17b165ca0ef85b");
});

test("a private repository is cloned with its credential only, over TLS of its own authority", async () => {
  const server = await serve({ tls: "good", accounts: [{ token: "t@/#%?", access: ["org"] }] });
  const repository = await server.add("org/test");
  const clone = join(await temporaryFolder(), "clone");
  const trust = ["-c", `http.sslCAInfo=${server.caFile}`];
  const url = `${server.url}/org/test`;
  await expect(git("/", ["ls-remote", url])).rejects.toThrow(/certificate/);
  await expect(git("/", [...trust, "ls-remote", url])).rejects.toThrow(/could not read Username/);
  const authority = url.replace("https://", `https://x:${encodeURIComponent("t@/#%?")}@`);
  await git("/", [...trust, "clone", "--quiet", "--depth=1", authority, clone]);
  expect(await git(clone, ["rev-parse", "HEAD"])).toBe(repository.commits["main"]);
  expect(server.requests.filter(({ headers }) => headers.authorization !== undefined).length).toBeGreaterThan(0);
  expect(server.requests.at(-1)).toMatchObject({ method: "POST", path: "/org/test/git-upload-pack", status: 200 });
});

test("each forge has its habits", async () => {
  const github = await serve({ forge: "github", accounts: [{ token: "t", access: ["org"] }] });
  await github.add("other/test");
  const elsewhere = github.url.replace("//", "//x:t@") + "/other/test";
  await expect(git("/", ["ls-remote", elsewhere])).rejects.toThrow(/not found/);
  const gitlab = await serve({ forge: "gitlab" });
  await gitlab.add("org/test");
  const { stderr } = await execa("git", ["ls-remote", `${gitlab.url}/org/test`]);
  expect(stderr).toContain("redirecting to");
  const azure = await serve({ forge: "azure-devops" });
  await azure.add("org/test");
  await git(await temporaryFolder(), ["clone", "--quiet", `${azure.url}/org/test`, "clone"]);
  const dumb = await serve({ forge: "dumb" });
  await dumb.add("org/test");
  await git(await temporaryFolder(), ["clone", "--quiet", `${dumb.url}/org/test.git`, "clone"]);
});

test("faults strike as often as they are told to", async () => {
  const server = await serve();
  await server.add("org/test");
  server.faults.push({ status: 503, headers: { "retry-after": "1" }, times: 1 }, { reset: 20, times: 1 });
  const url = `${server.url}/org/test.git`;
  await expect(git("/", ["ls-remote", url])).rejects.toThrow(/503/);
  await expect(git("/", ["ls-remote", url])).rejects.toThrow();
  expect(await git("/", ["ls-remote", url])).toContain("refs/heads/main");
});

test.skipIf(noSshServer)(
  `ssh is served by a real sshd${noSshServer === undefined ? "" : `: ${noSshServer}`}`,
  async () => {
    const root = await temporaryFolder();
    await makeRepository(join(root, "org/test.git"));
    const key = await makeSshKey();
    const server = await startSshServer({ root, keys: [{ publicKey: key.publicKey, access: ["org"] }] });
    const folder = await temporaryFolder();
    await writeFile(join(folder, "key"), key.privateKey, { mode: 0o600 });
    await writeFile(join(folder, "known_hosts"), server.knownHosts);
    const ssh = `ssh -F /dev/null -i ${folder}/key -o UserKnownHostsFile=${folder}/known_hosts -o BatchMode=yes`;
    const list = (path: string) => git("/", ["-c", `core.sshCommand=${ssh}`, "ls-remote", server.url + path]);
    expect(await list("/org/test")).toContain("refs/heads/branchA");
    await expect(list("/org/none.git")).rejects.toThrow(/Repository not found/);
    expect(server.commands()).toEqual(["git-upload-pack '/org/test'", "git-upload-pack '/org/none.git'"]);
    await server.close();
  },
);
