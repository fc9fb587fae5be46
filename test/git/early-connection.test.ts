import dns from "node:dns";
import { once } from "node:events";
import { request } from "node:https";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { createEarlyAgent } from "../../src/git/http/early-agent.ts";
import { connectEarly, connectTo } from "../../src/git/http/early-connection.ts";

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

test.each<[string, (tell: () => void) => void]>([
  ["at once", (tell) => tell()],
  ["in the next tick", (tell) => process.nextTick(tell)],
  ["in the same turn", (tell) => setImmediate(tell)],
  ["later", (tell) => setTimeout(tell, 5)],
])("a connection over TLS that fails %s is told with its reason, to who asked", async (_, when) => {
  const lookup = vi.spyOn(dns, "lookup").mockImplementation(((host: string, _options: unknown, told: (error: Error) => void) => {
    when(() => told(Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: "ENOTFOUND" })));
  }) as unknown as typeof dns.lookup);
  try {
    const asking = request({ host: "nowhere.invalid", port: 443, agent: createEarlyAgent({ keepAlive: true }, "") });
    const [error] = (await once(asking.end(), "error")) as [NodeJS.ErrnoException];
    expect(error.code).toBe("ENOTFOUND");
  } finally {
    lookup.mockRestore();
  }
});
