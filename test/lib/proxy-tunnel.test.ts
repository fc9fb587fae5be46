import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { afterEach, expect, test, vi } from "vitest";
import { createTunnelAgent, openProxyTunnel, proxyAuthorization, ProxyRefusal } from "../../src/lib/index.ts";
import { certificate } from "../support/certificates.ts";

const LONG = 3_600_000;
const QUICK = { timeout: 5_000 };

const sockets = new Set<Socket>();
let server: Server;
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

/** A proxy that says this to whoever asks it, or nothing. */
async function proxySaying(words?: string): Promise<URL> {
  server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}));
    if (words !== undefined) socket.once("data", () => socket.write(words));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

test("a proxy that says nothing is given its time", QUICK, async () => {
  const proxy = await proxySaying();
  await expect(openProxyTunnel(proxy, "h.example:22", { time: 100 })).rejects.toMatchObject({ code: "ETIMEDOUT" });
});

test("one that refuses is told by its status", QUICK, async () => {
  const proxy = await proxySaying("HTTP/1.1 407 No\r\ncontent-length: 5\r\n\r\nwords");
  const refused = openProxyTunnel(proxy, "h.example:22", { time: LONG });
  await expect(refused).rejects.toBeInstanceOf(ProxyRefusal);
  await expect(refused).rejects.toMatchObject({ status: 407 });
});

test("what the server says at once, behind the proxy's own answer, is not lost", QUICK, async () => {
  const proxy = await proxySaying("HTTP/1.1 200 OK\r\n\r\nSSH-2.0-first");
  const socket = await openProxyTunnel(proxy, "h.example:22", { time: LONG });
  const [first] = await new Promise<Buffer[]>((resolve) => socket.once("data", (chunk) => resolve([chunk])));
  expect(String(first)).toBe("SSH-2.0-first");
  socket.destroy();
});

test(
  "a proxy spoken to over TLS is told nothing before it is trusted, whatever the environment says",
  QUICK,
  async () => {
    const { key, cert, ca } = await certificate();
    const heard: string[] = [];
    server = createTlsServer({ key, cert }, (socket) => {
      sockets.add(socket.on("error", () => {}));
      socket.on("data", (chunk) => {
        heard.push(String(chunk));
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const proxy = new URL(`https://me:hunter22@127.0.0.1:${(server.address() as AddressInfo).port}`);
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    await expect(openProxyTunnel(proxy, "h.example:22", { time: LONG })).rejects.toThrow(/certificate/);
    vi.unstubAllEnvs();
    expect(heard).toEqual([]);
    for (const name of ["127.0.0.1", "localhost"]) {
      proxy.hostname = name;
      (await openProxyTunnel(proxy, "h.example:22", { time: LONG, trust: { ca } })).destroy();
    }
    expect(heard).toHaveLength(2);
    expect(heard[0]).toMatch(/^CONNECT h\.example:22 HTTP\/1\.1\r\n/);
  },
);

test("a way that is not open yet is given up with the agent", QUICK, async () => {
  const proxy = await proxySaying();
  const { request } = await import("node:http");
  const agent = await createTunnelAgent(proxy, { secure: false, kept: {}, time: LONG });
  const asked = request({ agent, host: "h.example", port: 80 });
  const failed = new Promise<Error>((resolve) => asked.once("error", resolve));
  asked.end();
  await new Promise((resolve) => server.once("connection", resolve));
  agent.destroy();
  expect(await failed).toMatchObject({ name: "AbortError" });
});

test("many ways at once are no leak that is warned of", QUICK, async () => {
  const proxy = await proxySaying();
  const { request } = await import("node:http");
  const warned = vi.fn<(warning: Error) => void>();
  process.on("warning", warned);
  const agent = await createTunnelAgent(proxy, { secure: false, kept: {}, time: LONG });
  const failures = Array.from({ length: 20 }, () => {
    const asked = request({ agent, host: "h.example", port: 80 });
    return new Promise((resolve) => asked.once("error", resolve).end());
  });
  await new Promise((resolve) => server.once("connection", resolve));
  agent.destroy();
  await Promise.all(failures);
  process.off("warning", warned);
  expect(warned).not.toHaveBeenCalled();
});

test.each([
  ["http://me:p%40ss@proxy.example", "me:p@ss"],
  ["http://me:100%@proxy.example", "me:100%"],
  ["http://m%zz:%c3%bc%ff@proxy.example", "m%zz:\xc3\xbc\xff"],
])("the login in %s is read as curl reads it", (url, login) => {
  expect(proxyAuthorization(new URL(url))).toBe(`Basic ${Buffer.from(login, "latin1").toString("base64")}`);
});

test("a url without a login has none", () => {
  expect(proxyAuthorization(new URL("http://proxy.example"))).toBeUndefined();
});
