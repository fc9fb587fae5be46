import { Agent, createServer as createHttpServer, type RequestOptions, type RequestListener } from "node:http";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { openExchange, readBody, type HttpStream } from "../../src/git/http/exchange.ts";
import { parseGitUrl } from "../../src/lib/index.ts";

/** Nothing but what is tested would end a request: there is no deadline here. */
const LONG = 3_600_000;
const QUICK = { timeout: 5_000 };
const timeouts = { connect: LONG, stall: LONG, resolve: LONG, materialize: LONG };

const open: { server: Server; sockets: Set<Socket> }[] = [];
afterEach(() => {
  for (const { server, sockets } of open.splice(0)) {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});

async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket.on("error", () => {})));
  open.push({ server, sockets });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

const serving = (listener: RequestListener): Promise<number> => listening(createHttpServer(listener));

function ask(
  port: number,
  times: Partial<typeof timeouts>,
  more: RequestOptions = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<HttpStream> {
  return openExchange({
    asked: { url: parseGitUrl(`http://127.0.0.1:${port}/a/b`), source: undefined, proxy: undefined },
    timeouts: { ...timeouts, ...times },
    signal,
    options: { protocol: "http:", host: "127.0.0.1", port, path: "/a/b", ...more },
  });
}

test("a server that takes the connection and never speaks TLS is given the time for a connection", QUICK, async () => {
  const port = await listening(createServer());
  const options = { protocol: "https:", rejectUnauthorized: false };
  await expect(ask(port, { connect: 100 }, options)).rejects.toMatchObject({
    code: "HOST_TIMEOUT",
    message: expect.stringContaining("no connection"),
  });
});

test("who waits for a connection that neither comes nor fails is told of its end at once", QUICK, async () => {
  const agent = new Agent();
  agent.createConnection = () => undefined;
  await expect(ask(1, { connect: 100 }, { agent })).rejects.toMatchObject({ code: "HOST_TIMEOUT" });
  const ended = ask(1, {}, { agent }, AbortSignal.timeout(100));
  await expect(ended).rejects.toMatchObject({ code: "INTERRUPTED" });
});

test("one that takes the request and never answers is given the time of a stall", QUICK, async () => {
  const port = await serving(() => {});
  await expect(ask(port, { stall: 100 })).rejects.toMatchObject({
    code: "HOST_TIMEOUT",
    message: expect.stringContaining("no answer"),
  });
});

test("one that stops in the middle of its answer, too; not a reader who takes his time", QUICK, async () => {
  let send: (text: string) => void = () => {};
  const port = await serving((_, response) => {
    send = (text) => void response.write(text);
    send("half");
  });
  const chunks = (await ask(port, { stall: 200 })).chunks[Symbol.asyncIterator]();
  expect(String((await chunks.next()).value)).toBe("half");
  await sleep(500);
  send("more");
  expect(String((await chunks.next()).value)).toBe("more");
  await expect(chunks.next()).rejects.toMatchObject({
    code: "HOST_TIMEOUT",
    message: expect.stringContaining("no byte"),
  });
});

test("a body that lasts as long as its connection is not whole when we end that", QUICK, async () => {
  const port = await listening(
    createServer((socket) => void socket.once("data", () => socket.write("HTTP/1.0 200 OK\r\n\r\nhalf"))),
  );
  await expect(readBody(await ask(port, { stall: 100 }), 100)).rejects.toMatchObject({ code: "HOST_TIMEOUT" });
  const ended = readBody(await ask(port, {}, {}, AbortSignal.timeout(100)), 100);
  await expect(ended).rejects.toMatchObject({ code: "INTERRUPTED" });
});

test("an answer of 101 ends the request", QUICK, async () => {
  const port = await listening(
    createServer((socket) => {
      socket.once("data", () => socket.write("HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n"));
    }),
  );
  await expect(ask(port, {})).rejects.toMatchObject({ message: expect.stringContaining("101") });
});

test(
  "a kept connection that the server closes as it is used again is no fault; one that is new is",
  QUICK,
  async () => {
    let asked = 0;
    const port = await serving((request, response) => {
      asked += 1;
      if (asked === 2 || asked === 4) request.socket.resetAndDestroy();
      else response.end("whole");
    });
    const agent = new Agent({ keepAlive: true });
    const read = async (): Promise<string> => (await readBody(await ask(port, {}, { agent }), 100)).body.toString();
    expect(await read()).toBe("whole");
    expect(await read()).toBe("whole");
    expect(asked).toBe(3);
    agent.destroy();
    await expect(ask(port, {})).rejects.toMatchObject({ code: "HOST_REFUSED" });
    expect(asked).toBe(4);
  },
);

test(
  "a kept connection on which the server has waited too long is no fault; a new one on which it says so is",
  QUICK,
  async () => {
    const used = new Set<Socket>();
    const port = await serving(({ socket }, response) => {
      response.statusCode = used.has(socket) ? 408 : 200;
      used.add(socket);
      response.end();
    });
    const agent = new Agent({ keepAlive: true });
    const status = async (): Promise<number> => {
      const stream = await ask(port, {}, { agent });
      await readBody(stream, 100);
      return stream.status;
    };
    expect([await status(), await status()]).toEqual([200, 200]);
    expect(used.size).toBe(2);
    agent.destroy();
    const late = await serving((_, response) => void response.writeHead(408).end());
    expect((await ask(late, {})).status).toBe(408);
  },
);

test("several kept connections that all end as they are used again are no fault either", QUICK, async () => {
  const used = new Set<Socket>();
  const port = await serving(({ socket }, response) => {
    if (used.has(socket)) return void socket.resetAndDestroy();
    used.add(socket);
    setTimeout(() => response.end("whole"), 50);
  });
  const agent = new Agent({ keepAlive: true });
  const read = async (): Promise<string> => (await readBody(await ask(port, {}, { agent }), 100)).body.toString();
  await Promise.all([read(), read(), read()]);
  expect(used.size).toBe(3);
  expect(await read()).toBe("whole");
  agent.destroy();
});

test("a body is read as far as its limit", QUICK, async () => {
  const port = await serving((_, response) => {
    const more = (): void => void (response.write("x".repeat(5_000)) && setImmediate(more));
    more();
  });
  const { body, cut } = await readBody(await ask(port, {}), 1_000);
  expect(cut).toBe(true);
  expect(body.length).toBeLessThan(1_000_000);
});
