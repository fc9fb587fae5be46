import { readdir, readFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Network } from "../../src/config/index.ts";
import { materialize, resolve, type GitRequest } from "../../src/git/index.ts";
import { certificate } from "../support/certificates.ts";
import { childScript, type ChildScript } from "../support/child-script.ts";
import {
  startGitServer,
  startProxy,
  temporaryFolder,
  type CertificateKind,
  type GitServer,
  type Proxy,
  type ProxyOptions,
} from "../support/index.ts";
import { fetchCode, requestFor, WAY } from "./request.ts";

const opened: { close: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

async function serve(tls?: CertificateKind): Promise<GitServer> {
  const server = await startGitServer(tls === undefined ? {} : { tls });
  opened.push(server);
  const { commits } = await server.add("org/lib");
  const files = {
    ".gitmodules": '[submodule "lib"]\n\tpath = lib\n\turl = ../lib\n',
    lib: { submodule: commits["main"]! },
  };
  await server.add("org/test", { commits: [{ files }] });
  return server;
}

async function proxied(options: ProxyOptions = {}): Promise<Proxy> {
  const proxy = await startProxy(options);
  opened.push(proxy);
  return proxy;
}

interface Means {
  ca?: string;
  proxy?: string;
  network?: Partial<Network>;
}

/** Asks for the repository with its submodule, with what a connection's secret and the environment give. */
function requestWith(server: GitServer, { ca, proxy, network }: Means): GitRequest {
  const request = requestFor(`${server.url}/org/test`);
  const given = { ...(ca !== undefined && { ca }), ...(proxy !== undefined && { proxy }) };
  const credential = { scope: `${server.url}/org/`, source: "test", secretValues: [], ...given };
  return {
    ...request,
    network: { ...request.network, ...network },
    options: { ...request.options, submodules: true },
    findCredential: () => Promise.resolve(credential),
  };
}

/** The errors of resolve, and of git itself with a pin. */
async function failures(request: GitRequest): Promise<unknown[]> {
  const target = join(await temporaryFolder(), "repo");
  const pinned = { ...request, resolution: { commit: "b0".repeat(20) }, target };
  const caught = (error: unknown): unknown => error;
  return [
    await resolve(request).then(() => "resolved", caught),
    await materialize(pinned).then(() => "materialized", caught),
  ];
}

/** One for each of the two repositories; where git fetches, one more of ours for resolving. */
const TUNNELS = WAY === "git" ? 3 : 2;

describe("in a process without variables of trust", () => {
  let script: ChildScript;
  beforeAll(async () => {
    script = await childScript(`
      import { readFileSync } from "node:fs";
      import { resolve, materialize } from "#src/git/index.ts";
      import { DEFAULT_POLICY, networkFrom } from "#src/config/index.ts";
      const [url, target, ca, proxy] = args;
      const credential = { scope: url.replace(/test$/, ""), source: "test", secretValues: [],
        ...(ca && { ca: readFileSync(ca, "utf8") }), ...(proxy && { proxy }) };
      const request = { url, policy: DEFAULT_POLICY, network: networkFrom(process.env), findCredential: async () => credential,
        options: { history: 1, tags: false, submodules: true, lfs: false, sparse: [] } };
      try {
        print((await materialize({ ...request, resolution: await resolve(request), target })).submodules.length);
      } catch (error) {
        print(error.problems?.[0].code ?? String(error));
      }
    `);
  });
  afterAll(() => script.remove());

  /** Number of submodules that came, or the error's code. */
  async function run(server: GitServer, given: { ca?: string; proxy?: string; env?: Record<string, string> }) {
    const target = join(await temporaryFolder(), "repo");
    const { ca = "", proxy = "", env = {} } = given;
    return script.run([`${server.url}/org/test`, target, ca, proxy], { env: { ...env, BOWLINE_GIT_FETCH: WAY } });
  }

  it("a private authority is trusted by the secret's ca.crt, or by SSL_CERT_FILE, and else is not", async () => {
    const server = await serve("good");
    expect(await run(server, {})).toBe("TLS_FAILED");
    expect(await run(server, { ca: server.caFile })).toBe(1);
    expect(await run(server, { env: { SSL_CERT_FILE: server.caFile } })).toBe(1);
    // git would not know it, and half a trust is none
    expect(await run(server, { env: { GIT_SSL_CAINFO: server.caFile, GIT_SSL_NO_VERIFY: "1" } })).toBe("TLS_FAILED");
    expect(await run(server, { env: { NODE_TLS_REJECT_UNAUTHORIZED: "0" } })).toBe("TLS_FAILED");
    expect(await run(server, { env: { NODE_EXTRA_CA_CERTS: server.caFile } })).toBe("TLS_FAILED");
    expect(await run(server, { env: { SSL_CERT_FILE: "/nonexistent/bundle" } })).toBe("FILE_NOT_READ");
  });

  it("a proxy variable is used unless NO_PROXY names the host; the connection's own wins over both", async () => {
    const server = await serve("good");
    const [proxy, own] = [await proxied(), await proxied()];
    const env = { HTTPS_PROXY: proxy.url, SSL_CERT_FILE: server.caFile };
    expect(await run(server, { env })).toBe(1);
    const place = `127.0.0.1:${server.port}`;
    expect(new Set(proxy.requests.map(({ target }) => target))).toEqual(new Set([place]));
    expect(proxy.requests).toHaveLength(TUNNELS);

    proxy.requests.length = 0;
    expect(await run(server, { env: { ...env, NO_PROXY: "127.0.0.1" } })).toBe(1);
    expect(proxy.requests).toEqual([]);

    expect(await run(server, { proxy: own.url, env: { ...env, NO_PROXY: "127.0.0.1" } })).toBe(1);
    expect(own.requests).toHaveLength(TUNNELS);
    expect(proxy.requests).toEqual([]);
  });
});

describe("a certificate that is not acceptable", () => {
  it.each([
    ["wrong-host", /not for "127\.0\.0\.1"|is not for/],
    ["expired", /expired.*clock/],
    ["not-yet-valid", /not valid yet.*clock/],
    ["self-signed", /self-signed/],
  ] as const)("%s, told by us and by git alike", async (kind, words) => {
    const server = await serve(kind);
    for (const error of await failures(requestWith(server, { ca: server.ca }))) {
      expect(error).toMatchObject({ code: "TLS_FAILED", message: expect.stringMatching(words) });
    }
    expect(server.requests).toEqual([]);
  });

  it("an authority that is not known: the hint says where it belongs", async () => {
    const server = await serve("good");
    for (const error of await failures(requestWith(server, {}))) {
      expect(error).toMatchObject({ code: "TLS_FAILED", hint: expect.stringContaining("ca.crt") });
    }
    expect(server.requests).toEqual([]);
  });

  it("is not made acceptable by another connection's authority", async () => {
    const server = await serve("good");
    await fetchCode(requestWith(server, { ca: server.ca }));
    await expect(resolve(requestWith(server, {}))).rejects.toMatchObject({ code: "TLS_FAILED" });
  });
});

describe("a proxy", () => {
  const LOGIN = { username: "pat", password: "p:w@of/proxy" };
  const withLogin = (proxy: Proxy): string => proxy.url.replace("//", `//pat:${encodeURIComponent(LOGIN.password)}@`);
  const BASIC = `Basic ${Buffer.from(`pat:${LOGIN.password}`).toString("base64")}`;

  it.each(["good", undefined] as const)(
    "with a user and password serves us, git and submodules (tls: %s)",
    async (tls) => {
      const server = await serve(tls);
      const proxy = await proxied(LOGIN);
      await fetchCode(requestWith(server, { ca: server.ca, proxy: withLogin(proxy) }));
      expect(proxy.requests.length).toBeGreaterThanOrEqual(TUNNELS);
      expect(new Set(proxy.requests.map(({ authorization }) => authorization))).toEqual(new Set([BASIC]));
      expect(server.requests.filter(({ headers }) => headers["proxy-authorization"] !== undefined)).toEqual([]);
    },
  );

  it.each(["good", undefined] as const)(
    "that is spoken to by https is trusted by the same authorities, and else is not (server's tls: %s)",
    async (tls) => {
      const server = await serve(tls);
      const proxy = await proxied({ ...LOGIN, tls: "good" });
      const url = withLogin(proxy);
      const { ca } = server.ca === "" ? await certificate("good") : server;
      await fetchCode(requestWith(server, { ca, proxy: url }));
      expect(new Set(proxy.requests.map(({ authorization }) => authorization))).toEqual(new Set([BASIC]));
      proxy.requests.length = 0;
      for (const error of await failures(requestWith(server, { proxy: url })))
        expect(error).toMatchObject({ code: expect.stringMatching(/^(TLS|PROXY)_FAILED$/) });
      expect(proxy.requests).toEqual([]);
    },
  );

  it.each(["http", "https"])(
    "that is spoken to by https shows a certificate of its own, not of %s://elsewhere",
    async (scheme) => {
      const proxy = await proxied({ tls: "good", status: 403 });
      const { ca } = await certificate("good");
      for (const name of [proxy.url, proxy.url.replace("127.0.0.1", "localhost")]) {
        const credential = {
          scope: `${scheme}://elsewhere.invalid/`,
          source: "test",
          secretValues: [],
          proxy: name,
          ca,
        };
        const request = requestFor(`${credential.scope}org/test`, { findCredential: async () => credential });
        await expect(resolve(request)).rejects.toMatchObject({ message: expect.stringContaining("403") });
      }
      expect(proxy.requests).toHaveLength(2);
    },
  );

  it.each(["good", undefined] as const)("that refuses the login (407) is PROXY_FAILED (tls: %s)", async (tls) => {
    const server = await serve(tls);
    const proxy = await proxied(LOGIN);
    for (const url of [proxy.url, withLogin(proxy).replace("pat:", "pit:")]) {
      for (const error of await failures(requestWith(server, { ca: server.ca, proxy: url }))) {
        expect(error).toMatchObject({ code: "PROXY_FAILED", message: expect.stringContaining(proxy.url) });
        expect(String(error)).not.toContain("p%3Aw");
      }
    }
    expect(server.requests).toEqual([]);
  });

  it.each([
    ["references with 201", "201 Created", "TLS_FAILED"],
    ["references with 200", "200 OK", "TLS_FAILED"],
    ["401, as if the token were wrong", "401 Unauthorized", "PROXY_FAILED"],
    ["404, as if there were no repository", "404 Not Found", "PROXY_FAILED"],
    ["a redirect", "302 Found\r\nlocation: /org/other.git/git-upload-pack", "PROXY_FAILED"],
    ["a head without end", `200 OK\r\nx: ${"x".repeat(1_000_000)}`, "GIT_PROTOCOL"],
  ])("that answers in the server's place is not believed: %s", async (_, status, code) => {
    const id = "b0".repeat(20);
    const refs = `003d${id} refs/heads/main\n0000`;
    const proxy = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => socket.end(`HTTP/1.1 ${status}\r\ncontent-length: ${refs.length}\r\n\r\n${refs}`));
    });
    await new Promise<void>((done) => proxy.listen(0, "127.0.0.1", done));
    const credential = { scope: "https://git.example.com/", source: "test", secretValues: [] };
    const own = { ...credential, proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` };
    const request = { ...requestFor("https://git.example.com/org/test.git"), findCredential: async () => own };
    await expect(resolve({ ...request, revision: "main" })).rejects.toMatchObject({ code });
    proxy.close();
  });

  it.each(["good", undefined] as const)("that is down is PROXY_FAILED (tls: %s)", async (tls) => {
    const server = await serve(tls);
    const proxy = await startProxy();
    await proxy.close();
    for (const error of await failures(requestWith(server, { ca: server.ca, proxy: withLogin(proxy) }))) {
      expect(error).toMatchObject({ code: "PROXY_FAILED", message: expect.stringContaining(proxy.url) });
      expect(String(error)).not.toContain("p%3Aw");
    }
    expect(server.requests).toEqual([]);
  });

  it("has its password in no argument and no environment of any process", async () => {
    const server = await serve("good");
    const proxy = await proxied(LOGIN);
    const forms = [LOGIN.password, encodeURIComponent(LOGIN.password), BASIC.slice(6)];
    let over = false;
    let looks = 0;
    const lookedTwice = async (): Promise<void> => {
      while (looks < 2) await sleep(5);
    };
    server.faults.push({ hold: { last: 1, until: lookedTwice } });
    const hits = new Set<string>();
    const look = (async () => {
      while (!over) {
        for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
          for (const file of [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`]) {
            const text = await readFile(file, "latin1").catch(() => "");
            if (forms.some((form) => text.includes(form))) hits.add(text);
          }
        }
        looks += 1;
        await sleep(5);
      }
    })();
    await fetchCode(requestWith(server, { ca: server.ca, proxy: withLogin(proxy) }));
    over = true;
    await look;
    expect(looks).toBeGreaterThan(1);
    expect([...hits]).toEqual([]);
  });
});
