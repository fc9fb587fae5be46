import { setMaxListeners } from "node:events";
import type { Agent, AgentOptions } from "node:http";
import type { RequestOptions } from "node:https";
import type { Socket } from "node:net";
import type { ConnectionOptions, SecureContext } from "node:tls";
import { withoutBrackets } from "./git-url.ts";

/** How a proxy is asked for a way. */
export interface TunnelOptions {
  /** Milliseconds in which it has to answer. */
  time: number;
  /** What is trusted of a proxy that is spoken to over TLS. */
  trust?: { secureContext: SecureContext } | { ca: string } | undefined;
}

/** What a proxy answered instead of opening the way. Its words are never taken for the server's. */
export class ProxyRefusal extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`the proxy answers ${status}`);
    this.status = status;
  }
}

/** The system's own name for it. */
const LATE = "ETIMEDOUT";

/**
 * A way to `target` (`host:port`) through an HTTP proxy (CONNECT, RFC 9110, section 9.3.6); it may end before it is used. Rejects with ProxyRefusal, or with the system's
 * error for a proxy that is not reached or does not answer.
 */
export async function openProxyTunnel(
  proxy: URL,
  target: string,
  { time, trust, signal }: TunnelOptions & { signal?: AbortSignal },
): Promise<Socket> {
  const secure = proxy.protocol === "https:";
  const [{ request }, { isIP }] = await Promise.all([
    secure ? import("node:https") : import("node:http"),
    import("node:net"),
  ]);
  const login = proxyAuthorization(proxy);
  const host = withoutBrackets(proxy.hostname);
  const options: RequestOptions = {
    host,
    port: proxy.port || (secure ? 443 : 80),
    method: "CONNECT",
    path: target,
    headers: { host: target, ...(login !== undefined && { "proxy-authorization": login }) },
    agent: false,
    ...(signal && { signal }),
    // by itself Node would hold the proxy's certificate against the header's host, which is the target
    ...(secure && {
      ...trust,
      rejectUnauthorized: true,
      ALPNProtocols: ["http/1.1"],
      servername: isIP(host) ? "" : host,
    }),
  };
  return new Promise((resolve, reject) => {
    const asked = request(options);
    const late = Object.assign(new Error("the proxy does not answer in time"), { code: LATE });
    const timer = setTimeout(() => asked.destroy(late), time);
    asked.on("close", () => clearTimeout(timer)).on("error", reject);
    asked.on("connect", ({ statusCode = 0 }, socket: Socket, head: Buffer) => {
      clearTimeout(timer);
      if (statusCode < 200 || statusCode > 299) {
        socket.destroy();
        return reject(new ProxyRefusal(statusCode));
      }
      if (head.length > 0) socket.unshift(head);
      // whoever gets it is not listening yet, and an error that nobody hears would end the process
      socket.on("error", () => undefined);
      resolve(socket);
    });
    asked.end();
  });
}

/** The value of Proxy-Authorization, where the proxy's url has a user name. A `%` before anything but two digits stands for itself, as for curl and git. */
export function proxyAuthorization({ username, password }: URL): string | undefined {
  if (username === "") return undefined;
  const login = `${username}:${password}`.replaceAll(/%([0-9a-f]{2})/gi, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
  return `Basic ${Buffer.from(login, "latin1").toString("base64")}`;
}

/** Connections to one server, each through a way of its own that the proxy opens; with `secure`, TLS to the server itself inside of it. */
export async function createTunnelAgent(
  proxy: URL,
  { secure, kept, ...how }: TunnelOptions & { secure: boolean; kept: AgentOptions },
): Promise<Agent> {
  const [{ Agent: AgentOf }, { connect }] = await Promise.all([
    secure ? import("node:https") : import("node:http"),
    import("node:tls"),
  ]);
  const agent: Agent = new AgentOf(kept);
  const over = new AbortController();
  // each way that is not open yet listens to it
  setMaxListeners(0, over.signal);
  agent.createConnection = (asked, created) => {
    const { host, port } = asked as { host: string; port: string | number };
    const target = `${host.includes(":") ? `[${host}]` : host}:${port}`;
    const opened = openProxyTunnel(proxy, target, { ...how, signal: over.signal });
    opened
      .then((socket) => (secure ? connect({ ...(asked as ConnectionOptions), socket }) : socket))
      .then(
        (socket) => created?.(null, socket),
        (error: Error) => created?.(error, undefined!),
      );
    return undefined;
  };
  const destroy = agent.destroy.bind(agent);
  agent.destroy = () => {
    over.abort();
    destroy();
  };
  return agent;
}
