import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { createServer, type AddressInfo, type Socket } from "node:net";
import type { Timeouts } from "../../config/index.ts";
import { BowlineError, type GitUrl } from "../../lib/index.ts";

/** A port on loopback behind which one ssh server is, seen through a proxy. */
export interface SshTunnel {
  port: number;
  close: () => void;
}

export interface SshTunnelOptions {
  url: GitUrl;
  /** PEM trusted in addition, for a proxy spoken to by https. */
  ca?: string | undefined;
  timeouts: Timeouts;
}

/**
 * Opens a port that leads to the url's host through an HTTP proxy (CONNECT, RFC 9110 section 9.3.6). The proxy's password stays in this process;
 * ssh's own ProxyCommand would need a program that is installed everywhere, and the password in its arguments.
 * Throws PROXY_FAILED when the proxy does not let the first connection through.
 */
export async function openSshTunnel(proxy: string, options: SshTunnelOptions): Promise<SshTunnel> {
  const sockets = new Set<Socket>();
  let first: Socket | undefined = await connectThrough(proxy, options);
  const server = createServer((near) => {
    sockets.add(near.on("close", () => sockets.delete(near)).on("error", () => near.destroy()));
    const far = first === undefined ? connectThrough(proxy, options) : Promise.resolve(first);
    first = undefined;
    far.then(
      (socket) => {
        socket.on("error", () => near.destroy()).on("close", () => near.destroy());
        near.on("close", () => socket.destroy());
        near.pipe(socket).pipe(near);
      },
      () => near.destroy(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  server.unref();
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      first?.destroy();
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

function connectThrough(proxy: string, { url, ca, timeouts }: SshTunnelOptions): Promise<Socket> {
  const { protocol, hostname, port, username, password } = new URL(proxy);
  const target = `${url.host}:${url.port ?? 22}`;
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const headers = {
    Host: target,
    ...(username === "" ? {} : { "Proxy-Authorization": `Basic ${Buffer.from(login).toString("base64")}` }),
  };
  const send = protocol === "https:" ? httpsRequest : httpRequest;
  const at = { host: hostname.replace(/^\[|\]$/g, ""), port: port || (protocol === "https:" ? 443 : 80) };
  return new Promise((resolve, reject) => {
    const fail = (what: string): void => reject(failed({ proxy: `${at.host}:${at.port}`, target, what }));
    const request = send({
      ...at,
      method: "CONNECT",
      path: target,
      headers,
      timeout: timeouts.connect,
      ...(ca === undefined ? {} : { ca }),
    });
    request.on("connect", ({ statusCode = 0 }: IncomingMessage, socket: Socket, head: Buffer) => {
      if (statusCode < 200 || statusCode > 299) {
        socket.destroy();
        return fail(
          statusCode === 407 ? "asks for a user name and password, or refuses them (407)" : `answers ${statusCode}`,
        );
      }
      socket.setTimeout(0);
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    request.on("response", ({ statusCode }) => fail(`answers ${statusCode}`));
    request.on("timeout", () => request.destroy(new Error("does not answer in time")));
    request.on("error", (error) => fail(`cannot be used: ${error.message}`));
    request.end();
  });
}

function failed({ proxy, target, what }: { proxy: string; target: string; what: string }): BowlineError {
  return new BowlineError({
    code: "PROXY_FAILED",
    message: `the proxy "${proxy}" ${what}, on the way to "${target}"`,
    hint: "check `proxy:` of the connection or credentials entry, and whether the proxy allows CONNECT to the ssh port",
  });
}
