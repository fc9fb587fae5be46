import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { DEFAULT_POLICY } from "../../src/config/index.ts";
import { materialize, resolve, type GitRequest } from "../../src/git/index.ts";
import { parseGitUrl } from "../../src/lib/index.ts";
import { startGitServer, temporaryFolder, type GitServer, type GitServerOptions } from "../support/index.ts";
import { authorizationsOf, fetchCode, requestFor, TOKEN, tokenFor } from "./request.ts";

const servers: GitServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const ACCOUNT = { username: "ada", password: TOKEN };
const BASIC = `Basic ${Buffer.from(`ada:${TOKEN}`).toString("base64")}`;

async function serve(options: GitServerOptions = {}): Promise<GitServer> {
  const server = await startGitServer(options);
  servers.push(server);
  await server.add("org/test");
  await server.add("other/test");
  return server;
}

/** A request whose finder would give the credential away for any url: the engine itself must keep it in its scope. */
function careless(url: string, scope: string): GitRequest {
  const find = tokenFor(scope);
  return requestFor(url, { findCredential: () => find(parseGitUrl(`${scope}x`)) });
}

describe("a credential goes to nothing but its scope", () => {
  it("is sent with every request inside of it", async () => {
    const server = await serve({ accounts: [ACCOUNT] });
    await fetchCode(careless(`${server.url}/org/test`, `${server.url}/org/`));
    expect(authorizationsOf(server)).toEqual([BASIC]);
  });

  it.each([
    ["another owner", "/other/test"],
    ["an owner whose name begins like its own", "/organisation/test"],
    ["its owner in other letters", "/Org/test"],
  ])("%s on the same host, public or not", async (_, path) => {
    for (const accounts of [[], [ACCOUNT]]) {
      const server = await serve({ accounts });
      await server.add(path.slice(1)).catch(() => undefined);
      const request = careless(server.url + path, `${server.url}/org/`);
      await fetchCode(request).catch(() => undefined);
      expect(server.requests.length).toBeGreaterThan(0);
      expect(authorizationsOf(server)).toEqual([undefined]);
    }
  });

  it("a url that overrides the connection's, on another host or port", async () => {
    const server = await serve({ accounts: [ACCOUNT] });
    for (const other of [
      await serve({ host: "127.0.0.2" }),
      await serve(),
      await serve({ port: 0, host: "127.0.0.3" }),
    ]) {
      await fetchCode(careless(`${other.url}/org/test`, `${server.url}/org/`));
      expect(authorizationsOf(other)).toEqual([undefined]);
    }
    expect(server.requests).toEqual([]);
  });

  it("a pin that is fetched without being resolved", async () => {
    const server = await serve();
    const request = careless(`${server.url}/other/test`, `${server.url}/org/`);
    const { commit, session } = await resolve(request);
    session.close();
    await materialize({ ...request, resolution: { commit }, target: join(await temporaryFolder(), "repo") });
    expect(authorizationsOf(server)).toEqual([undefined]);
  });

  it("a submodule of another owner and one on another host", async () => {
    const server = await serve({ accounts: [{ ...ACCOUNT }], public: ["other"] });
    const other = await serve({ host: "127.0.0.2" });
    const { commits } = await other.add("org/lib");
    const commit = commits["main"]!;
    const modules = { mine: "../../other/test", far: `${other.url}/org/lib` };
    const sections = Object.entries(modules).map(
      ([path, url]) => `[submodule "${path}"]\npath = ${path}\nurl = ${url}\n`,
    );
    const links = { mine: { submodule: commit }, far: { submodule: commit } };
    await server.add("org/top", { commits: [{ files: { ".gitmodules": sections.join(""), ...links } }] });
    const request = careless(`${server.url}/org/top`, `${server.url}/org/`);
    await fetchCode({ ...request, options: { ...request.options, submodules: true } });
    const outside = server.requests.filter(({ path }) => path.startsWith("/other"));
    expect(outside.length).toBeGreaterThan(0);
    expect(outside.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
    expect(authorizationsOf(other)).toEqual([undefined]);
  });
});

describe("a redirect out of the origin is refused, and nothing is sent there", () => {
  /** A server that answers all with this status and place; resolved, and as a pin that git itself fetches. */
  async function refused(server: GitServer, location: string, status: number): Promise<void> {
    server.faults.push({ status, headers: { location } });
    const request: GitRequest = {
      ...requestFor(`${server.url}/org/test`, { findCredential: tokenFor(`${server.url}/`, { ca: server.ca }) }),
    };
    await expect(resolve(request)).rejects.toMatchObject({ code: "REDIRECT_REFUSED" });
    const target = join(await temporaryFolder(), "repo");
    const failing = materialize({ ...request, resolution: { commit: "b0".repeat(20) }, target });
    await expect(failing).rejects.toMatchObject({ code: "REDIRECT_REFUSED" });
  }

  it.each([301, 302, 303, 307, 308])("another host, by %i", async (status) => {
    const [server, thief] = [await serve(), await serve({ host: "127.0.0.2" })];
    await refused(server, `${thief.url}/org/test/git-upload-pack`, status);
    expect(thief.requests).toEqual([]);
  });

  it("another host, also where there is no credential", async () => {
    const [server, other] = [await serve(), await serve({ host: "127.0.0.2" })];
    server.faults.push({ status: 302, headers: { location: `${other.url}/org/test/git-upload-pack` } });
    const request = requestFor(`${server.url}/org/test`);
    await expect(resolve(request)).rejects.toMatchObject({ code: "REDIRECT_REFUSED" });
    const target = join(await temporaryFolder(), "repo");
    const failing = materialize({ ...request, resolution: { commit: "b0".repeat(20) }, target });
    await expect(failing).rejects.toMatchObject({ code: "REDIRECT_REFUSED" });
    expect(other.requests).toEqual([]);
  });

  it("another port, and the same place without a scheme", async () => {
    const [server, thief] = [await serve(), await serve()];
    await refused(server, `//127.0.0.1:${thief.port}/org/test/git-upload-pack`, 301);
    expect(thief.requests).toEqual([]);
  });

  it("from https down to http", async () => {
    const [server, thief] = [await serve({ tls: "good" }), await serve()];
    await refused(server, `${thief.url}/org/test/git-upload-pack`, 302);
    await refused(server, `http://127.0.0.1:${server.port}/org/test/git-upload-pack`, 302);
    expect(thief.requests).toEqual([]);
  });

  it("a place with another user name, another path of git's, or none at all", async () => {
    const server = await serve();
    const places = [
      `http://x:y@127.0.0.1:${server.port}/org/test/git-upload-pack`,
      `${server.url}/org/test/git-receive-pack`,
      `${server.url}/login?to=/org/test/git-upload-pack`,
      `${server.url}/org/${"no-path-of-git".repeat(5)}`,
      "",
    ];
    for (const place of places) {
      server.faults.length = 0;
      server.requests.length = 0;
      await refused(server, place, 302);
      expect(server.requests.filter(({ path }) => !path.startsWith("/org/test/"))).toEqual([]);
    }
  });
});

it("a host that policy.hosts does not name is asked nothing, nor is a submodule's", async () => {
  const server = await serve();
  await server.add("org/lib");
  const other = await serve({ host: "127.0.0.2" });
  const files = {
    ".gitmodules": `[submodule "x"]\npath = x\nurl = ${other.url}/org/lib\n`,
    x: { submodule: "1".repeat(40) },
  };
  await server.add("org/top", { commits: [{ files }] });
  const withHosts = (...hosts: string[]): GitRequest =>
    requestFor(`${server.url}/org/top`, { policy: { ...DEFAULT_POLICY, hosts } });
  const refusal = { code: "POLICY_REFUSED" };
  for (const request of [withHosts("forge.invalid"), withHosts()]) {
    await expect(resolve(request)).rejects.toMatchObject(refusal);
    const target = join(await temporaryFolder(), "repo");
    const failing = materialize({ ...request, resolution: { commit: "b0".repeat(20) }, target });
    await expect(failing).rejects.toMatchObject(refusal);
  }
  expect(server.requests).toEqual([]);
  const request = withHosts("127.0.0.1");
  await fetchCode(request);
  const options = { ...request.options, submodules: true };
  await expect(fetchCode({ ...request, options })).rejects.toMatchObject(refusal);
  expect(other.requests).toEqual([]);
});

describe("plain http", () => {
  /** The stand-in is asked as a proxy, so that the name needs no resolution. */
  const through = async (more: Partial<GitRequest> = {}): Promise<{ proxy: GitServer; request: GitRequest }> => {
    const proxy = await serve({ accounts: [ACCOUNT] });
    const network = { ...requestFor("").network, httpProxy: proxy.url };
    const findCredential = tokenFor("http://forge.invalid/org/");
    return { proxy, request: requestFor("http://forge.invalid/org/test", { network, findCredential, ...more }) };
  };

  it("with a credential is refused before anything is sent", async () => {
    const { proxy, request } = await through();
    const refusal = { code: "PLAIN_HTTP_REFUSED", message: expect.stringContaining("forge.invalid") };
    await expect(resolve(request)).rejects.toMatchObject(refusal);
    const target = join(await temporaryFolder(), "repo");
    const failing = materialize({ ...request, resolution: { commit: "b0".repeat(20) }, target });
    await expect(failing).rejects.toMatchObject(refusal);
    expect(proxy.requests).toEqual([]);
  });

  it("with a credential is let through where the policy names the host", async () => {
    const { proxy, request } = await through({ policy: { ...DEFAULT_POLICY, plainHttpHosts: ["forge.invalid"] } });
    await fetchCode(request);
    expect(authorizationsOf(proxy)).toEqual([BASIC]);
  });

  it("without a credential is spoken", async () => {
    const { proxy, request } = await through({ findCredential: () => Promise.resolve(undefined) });
    proxy.accounts.length = 0;
    await fetchCode(request);
    expect(authorizationsOf(proxy)).toEqual([undefined]);
  });

  it("is also refused for a submodule", async () => {
    const { proxy, request } = await through();
    const files = {
      ".gitmodules": '[submodule "x"]\npath = x\nurl = http://forge.invalid/org/test\n',
      x: { submodule: "1".repeat(40) },
    };
    const server = await serve();
    await server.add("org/top", { commits: [{ files }] });
    const network = { ...request.network, noProxy: "127.0.0.1" };
    const asked = {
      ...request,
      network,
      url: `${server.url}/org/top`,
      options: { ...request.options, submodules: true },
    };
    await expect(fetchCode(asked)).rejects.toMatchObject({ code: "PLAIN_HTTP_REFUSED" });
    expect(proxy.requests).toEqual([]);
  });
});
