import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { openTransport, readAll, type Transport } from "../../../src/executors/kubernetes/api/transport.ts";
import { certificate, type Certificate } from "../../support/certificates.ts";

const QUICK = { timeout: 5_000 };

let server: Server;
let transport: Transport;
afterEach(() => {
  transport.close();
  server.closeAllConnections();
  server.close();
});

async function apiServer(listener: RequestListener, tls?: Certificate): Promise<void> {
  server = tls === undefined ? createServer(listener) : createTlsServer({ key: tls.key, cert: tls.cert }, listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  transport = openTransport({
    server: `${tls === undefined ? "http" : "https"}://127.0.0.1:${(server.address() as AddressInfo).port}`,
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

test("no variable of Node makes a server trusted", QUICK, async () => {
  const asked: (string | undefined)[] = [];
  await apiServer(({ url }, response) => void (asked.push(url), response.end()), await certificate());
  vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
  try {
    await expect(transport.send({ method: "GET", path: "/api" })).rejects.toThrow("certificate");
  } finally {
    vi.unstubAllEnvs();
  }
  expect(asked).toEqual([]);
});
