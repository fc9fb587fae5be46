import { execa } from "execa";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { join } from "node:path";
import { TLSSocket } from "node:tls";
import { temporaryFolder, type GitServer } from "../support/index.ts";

export interface NamedHosts {
  /** What goes into HTTPS_PROXY. */
  proxy: string;
  /** The private authority behind the certificates of all names: PEM, and a file with it. */
  ca: string;
  caFile: string;
  /** Every name that a tunnel was asked to, with its port, in order. */
  tunnels: string[];
  close: () => Promise<void>;
}

/**
 * Lets servers on loopback answer for real host names: a proxy that ends the TLS of each tunnel itself, with a
 * certificate for that name, and speaks to the server that stands for it. Nothing is resolved, nothing leaves loopback, or the address of
 * this machine that the proxy listens at.
 */
export async function startNamedHosts(servers: Record<string, GitServer>, listen = "127.0.0.1"): Promise<NamedHosts> {
  const folder = await temporaryFolder();
  const { key, cert, ca } = await makeCertificate(folder, Object.keys(servers));
  const tunnels: string[] = [];
  const sockets = new Set<{ destroy: () => void }>();
  for (const [name, server] of Object.entries(servers)) server.url = `https://${name}`;
  const proxy = createServer((_, response) => response.writeHead(405).end());
  proxy.on("connect", (request, socket) => {
    const target = request.url ?? "";
    tunnels.push(target);
    socket.on("error", () => socket.destroy());
    const server = target.endsWith(":443") ? servers[target.slice(0, -":443".length)] : undefined;
    if (server === undefined) return void socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
    const secured = new TLSSocket(socket, { isServer: true, key, cert });
    const onward = connect(server.port, server.host);
    for (const [one, other] of [
      [secured, onward],
      [onward, secured],
    ] as const) {
      sockets.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, listen, resolve));
  return {
    proxy: `http://${listen}:${(proxy.address() as AddressInfo).port}`,
    ca,
    caFile: join(folder, "ca.crt"),
    tunnels,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}

async function makeCertificate(folder: string, names: string[]): Promise<{ key: string; cert: string; ca: string }> {
  const openssl = (...args: string[]): Promise<unknown> =>
    execa("openssl", ["req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", ...args], {
      cwd: folder,
      env: { ...process.env, OPENSSL_CONF: "/dev/null" },
      extendEnv: false,
    });
  const authority = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign"];
  await openssl(
    "-subj",
    "/CN=examples authority",
    "-keyout",
    "ca.key",
    "-out",
    "ca.crt",
    "-days",
    "3650",
    ...authority,
  );
  const alternatives = `subjectAltName=${names.map((name) => `DNS:${name}`).join(",")}`;
  const signer = ["-CA", "ca.crt", "-CAkey", "ca.key", "-addext", alternatives];
  await openssl("-subj", "/CN=examples", "-keyout", "host.key", "-out", "host.crt", "-days", "3650", ...signer);
  const [key, cert, ca] = await Promise.all(
    ["host.key", "host.crt", "ca.crt"].map((file) => readFile(join(folder, file), "utf8")),
  );
  return { key: key as string, cert: cert as string, ca: ca as string };
}
