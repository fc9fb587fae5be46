import { createServer, type AddressInfo, type Socket } from "node:net";
import type { Timeouts } from "../../config/index.ts";
import { BowlineError, openProxyTunnel, ProxyRefusal, type GitUrl } from "../../lib/index.ts";

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
    // the proxy may have ended it meanwhile
    const far = first === undefined || first.destroyed ? connectThrough(proxy, options) : Promise.resolve(first);
    first = undefined;
    far.then(
      (socket) => {
        if (near.destroyed) return void socket.destroy();
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

async function connectThrough(text: string, { url, ca, timeouts }: SshTunnelOptions): Promise<Socket> {
  const proxy = new URL(text);
  const target = `${url.host}:${url.port ?? 22}`;
  try {
    return await openProxyTunnel(proxy, target, {
      time: timeouts.connect,
      trust: ca === undefined ? undefined : { ca },
    });
  } catch (error) {
    throw failed({ proxy: proxy.host, target, what: wordsFor(error) });
  }
}

function wordsFor(error: unknown): string {
  if (!(error instanceof ProxyRefusal))
    return `cannot be used: ${error instanceof Error ? error.message : String(error)}`;
  if (error.status === 407) return "asks for a user name and password, or refuses them (407)";
  return `answers ${error.status}`;
}

function failed({ proxy, target, what }: { proxy: string; target: string; what: string }): BowlineError {
  return new BowlineError({
    code: "PROXY_FAILED",
    message: `the proxy "${proxy}" ${what}, on the way to "${target}"`,
    hint: "check `proxy:` of the connection or credentials entry, and whether the proxy allows CONNECT to the ssh port",
  });
}
