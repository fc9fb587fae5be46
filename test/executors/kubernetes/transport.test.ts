import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { openTransport, readAll, type Transport } from "../../../src/executors/kubernetes/api/transport.ts";

const QUICK = { timeout: 5_000 };

let server: Server;
let transport: Transport;
afterEach(() => {
  transport.close();
  server.closeAllConnections();
  server.close();
});

async function apiServer(listener: RequestListener): Promise<void> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  transport = openTransport({
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ namespace: "default", context: "test", tls: {} },
    credentials: async () => ({ headers: {} }),
  });
}

test("a server that never answers is given its time", QUICK, async () => {
  await apiServer(() => {});
  await expect(transport.send({ method: "GET", path: "/api", time: 100 })).rejects.toThrow("did not answer in time");
});

test("one that stops in the middle of its answer, too", QUICK, async () => {
  await apiServer((_, response) => void response.write("half"));
  const answer = await transport.send({ method: "GET", path: "/api", time: 100 });
  await expect(readAll(answer)).rejects.toThrow();
});

test("an answer that goes on ends with its signal", QUICK, async () => {
  await apiServer((_, response) => void response.write("half"));
  const over = new AbortController();
  const answer = await transport.send({ method: "GET", path: "/api", signal: over.signal });
  const read = readAll(answer);
  over.abort();
  await expect(read).rejects.toThrow();
});
