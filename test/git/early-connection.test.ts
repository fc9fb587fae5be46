import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
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
