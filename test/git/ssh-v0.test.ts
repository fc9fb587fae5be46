import { join } from "node:path";
import { expect, it } from "vitest";
import { DEFAULT_POLICY } from "../../src/config/index.ts";
import type { Credential } from "../../src/connections/index.ts";
import { materialize, resolve, type GitRequest } from "../../src/git/index.ts";
import { git, makeRepository, makeSshKey, noSshServer, startSshServer, temporaryFolder } from "../support/index.ts";
import { requestFor } from "./request.ts";

const policy = { ...DEFAULT_POLICY, timeouts: { ...DEFAULT_POLICY.timeouts, materialize: 30_000 } };
const skipped = noSshServer === undefined ? "" : ` (skipped: ${noSshServer})`;

it.skipIf(noSshServer).each([
  { more: { sparse: ["a"] }, any: "false", promisor: false },
  { more: { history: "commits" }, any: "false", promisor: false },
  { more: { sparse: ["a"] }, any: "true", promisor: true },
] as const)(
  `a v0 server over ssh leaves out only what it would give later: %j${skipped}`,
  async ({ more, any, promisor }) => {
    const root = await temporaryFolder();
    const { commits } = await makeRepository(join(root, "org/test.git"), {
      commits: [{ files: { "a/x": "1", "b/x": "1" } }, { files: { "a/x": "2", "b/x": "2" } }],
      config: { "uploadpack.allowAnySHA1InWant": any },
    });
    const key = await makeSshKey();
    const server = await startSshServer({ root, keys: [{ publicKey: key.publicKey }], v0: true });
    const credential: Credential = {
      ...{
        scope: `ssh://${server.host}:${server.port}/org/`,
        source: 'connection "c"',
        knownHosts: server.knownHosts,
        secretValues: [],
      },
      ssh: { privateKey: key.privateKey },
    };
    const options = { ...requestFor("").options, ...more } as GitRequest["options"];
    const findCredential = () => Promise.resolve(credential);
    const request = requestFor(`${server.url}/org/test.git`, { options, policy, findCredential, revision: "main" });
    const cache = await temporaryFolder();
    for (const [resolution, kept] of [
      [await resolve(request), {}],
      [{ commit: commits["main"]! }, { cache }],
      [{ commit: commits["main"]! }, { cache }],
    ] as const) {
      const target = join(await temporaryFolder(), "repo");
      await materialize({ ...request, ...kept, resolution, target });
      const config = await git(target, ["config", "--list", "--local"]);
      expect(config.includes("remote.origin.promisor=true")).toBe(promisor);
      expect(await git(target, ["status", "--porcelain"])).toBe("");
      if (!promisor) expect(await git(target, ["show", "HEAD:b/x"])).toBe("2");
    }
    await server.close();
  },
);
