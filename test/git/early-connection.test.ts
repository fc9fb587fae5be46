import dns, { type LookupAddress } from "node:dns";
import { once } from "node:events";
import type { ClientRequest, IncomingMessage } from "node:http";
import { createServer as createTlsServer, request } from "node:https";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test, vi } from "vitest";
import { createEarlyAgent } from "../../src/git/http/early-agent.ts";
import { connectEarly, connectTo } from "../../src/git/http/early-connection.ts";
import { certificate } from "../support/certificates.ts";

async function listen(onSocket: (socket: Socket) => void): Promise<{ server: Server; host: string; port: number }> {
  const server = createServer(onSocket).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, host: "127.0.0.1", port: (server.address() as AddressInfo).port };
}

test("a connection that was begun is handed out once, to who asks for its place", async () => {
  let count = 0;
  const { server, host, port } = await listen(() => (count += 1));
  connectEarly({ host, port });
  const [one, other] = [connectTo({ host, port: String(port) }), connectTo({ host, port })];
  await Promise.all([one, other].map((socket) => once(socket, "connect")));
  expect(one).not.toBe(other);
  await sleep(20);
  expect(count).toBe(2);
  [one, other].forEach((socket) => socket.destroy());
  server.close();
});

test("one that ended meanwhile, or never came about, is made anew, and that tells why", async () => {
  let count = 0;
  const { server, host, port } = await listen((socket) => void (++count === 1 ? socket.end() : socket.write("second")));
  connectEarly({ host, port });
  while (count === 0) await sleep(5);
  await sleep(50);
  const again = connectTo({ host, port });
  expect(String((await once(again, "data"))[0])).toBe("second");
  again.destroy();
  server.close();
  await once(server, "close");
  connectEarly({ host, port });
  await sleep(50);
  const [error] = (await once(connectTo({ host, port }), "error")) as [NodeJS.ErrnoException];
  expect(error.code).toBe("ECONNREFUSED");
});

/** What the name service says, for one test. */
function answering(answer: (told: (error: Error | null, addresses?: LookupAddress[]) => void) => void): void {
  vi.spyOn(dns, "lookup").mockImplementation(((_host: string, _options: unknown, told: () => void) =>
    answer(told)) as unknown as typeof dns.lookup);
}
afterEach(() => void vi.restoreAllMocks());

const TIMES: [string, (tell: () => void) => void][] = [
  ["at once", (tell) => tell()],
  ["in the next tick", (tell) => process.nextTick(tell)],
  ["in the same turn", (tell) => setImmediate(tell)],
  ["later", (tell) => setTimeout(tell, 5)],
];

async function failed(asking: ClientRequest): Promise<string | undefined> {
  const [error] = (await once(asking.end(), "error")) as [NodeJS.ErrnoException];
  return error.code;
}

test.each(TIMES)("a connection over TLS that fails %s is told with its reason, to who asked", async (_, when) => {
  answering((told) => when(() => told(Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" }))));
  const agent = createEarlyAgent({ keepAlive: true }, "");
  expect(await failed(request({ host: "nowhere.invalid", port: 443, agent }))).toBe("ENOTFOUND");
});

test.each(TIMES)("of several addresses, told %s, the first that answers is spoken to over TLS", async (_, when) => {
  const { ca, ...certified } = await certificate();
  const server = createTlsServer(certified, (_request, response) => response.end()).listen(0, "127.0.0.2");
  await once(server, "listening");
  answering((told) =>
    when(() =>
      told(
        null,
        ["127.0.0.3", "127.0.0.4", "127.0.0.2"].map((address) => ({ address, family: 4 })),
      ),
    ),
  );
  const agent = createEarlyAgent({}, ca);
  const asking = request({ host: "git.test", port: (server.address() as AddressInfo).port, agent });
  const [{ statusCode }] = (await once(asking.end(), "response")) as [IncomingMessage];
  expect(statusCode).toBe(200);
  server.closeAllConnections();
  server.close();
});

test("a connection over TLS that is on its way ends with its agent", async () => {
  answering(() => undefined);
  const agent = createEarlyAgent({}, "");
  const asking = request({ host: "silent.invalid", port: 443, agent });
  setTimeout(() => agent.destroy(), 20);
  expect(await failed(asking)).toBe("ECONNRESET");
});
