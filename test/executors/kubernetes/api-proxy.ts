import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Agent, request as httpsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { parse } from "yaml";
import { kubeconfig } from "../../support/index.ts";

/** What happens to a request on its way; `pass` is all there is without a fault. */
export type ApiFault = (request: { method: string; url: URL }) => "pass" | "cut" | "gone" | "away";

/** An API server's door that is not always open: plain http on loopback, with the administrator's rights. */
export interface ApiProxy {
  /** A kubeconfig that leads here, as JSON. */
  kubeconfig: string;
  /** Every request that came, in order: method and path with its query. */
  requests: string[];
  /** May be changed at any time. */
  fault: ApiFault;
  /** Breaks every answer that goes on: watches, logs that are followed. Gives how many there were. */
  cutOpen: () => number;
  close: () => Promise<void>;
}

export async function startApiProxy(): Promise<ApiProxy> {
  const target = readTarget();
  const agent = new Agent({ keepAlive: true, ...target.tls });
  const open = new Set<{ answer: IncomingMessage; response: ServerResponse }>();
  const proxy: ApiProxy = {
    kubeconfig: "",
    requests: [],
    fault: () => "pass",
    cutOpen() {
      const count = open.size;
      for (const { response } of open) response.destroy();
      return count;
    },
    close: () => Promise.resolve(),
  };
  const server = createServer((request, response) => {
    const { method = "GET", url: path = "/", headers } = request;
    proxy.requests.push(`${method} ${path}`);
    const what = proxy.fault({ method, url: new URL(path, "http://api") });
    if (what === "cut") return void request.socket.destroy();
    if (what === "away") return void response.writeHead(503).end();
    if (what === "gone") {
      const status = { kind: "Status", apiVersion: "v1", status: "Failure", reason: "Expired", code: 410 };
      if (!path.includes("watch=true")) return void response.writeHead(410).end(JSON.stringify(status));
      return void response.end(`${JSON.stringify({ type: "ERROR", object: status })}\n`);
    }
    const { host: _host, connection: _connection, ...sent } = headers;
    const onward = httpsRequest(`${target.server}${path}`, { method, headers: sent, agent }, (answer) => {
      const entry = { answer, response };
      const goesOn = /(watch|follow)=true/.test(path);
      if (goesOn) open.add(entry);
      response.on("close", () => {
        open.delete(entry);
        answer.destroy();
      });
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
      answer.on("error", () => response.destroy());
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  proxy.kubeconfig = JSON.stringify({
    clusters: [{ name: "c", cluster: { server: url } }],
    users: [{ name: "u", user: {} }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  });
  proxy.close = async () => {
    server.closeAllConnections();
    agent.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return proxy;
}

function readTarget() {
  const config = parse(readFileSync(kubeconfig, "utf8")) as {
    clusters: { cluster: Record<string, string> }[];
    users: { user: Record<string, string> }[];
  };
  const [cluster, user] = [config.clusters[0]!.cluster, config.users[0]!.user];
  const read = (from: Record<string, string>, key: string): Buffer | undefined => {
    const data = from[`${key}-data`];
    if (data !== undefined) return Buffer.from(data, "base64");
    return from[key] === undefined ? undefined : readFileSync(from[key]);
  };
  const tls = {
    ca: read(cluster, "certificate-authority"),
    cert: read(user, "client-certificate"),
    key: read(user, "client-key"),
  };
  return { server: cluster["server"]!, tls: Object.fromEntries(Object.entries(tls).filter(([, value]) => value)) };
}
