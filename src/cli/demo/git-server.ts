import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { runHttpBackend } from "./http-backend.ts";

/** Who is let in. The server knows the password by its digest only, so that it can be started again without keeping it. */
export interface DemoAccount {
  username: string;
  /** SHA-256 of the password, in base64. */
  passwordDigest: string;
}

export interface DemoGitServerOptions {
  /** Folder of bare repositories. */
  root: string;
  /** The `PATH` on which git is found. */
  searchPath: string;
  /** First path segments that only the account may see; everything else is public. */
  privateOwners: readonly string[];
  account: DemoAccount;
  /** Any free one when absent. */
  port?: number;
}

export interface DemoGitServer {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  url: string;
  close: () => Promise<void>;
}

/** Serves a folder of repositories on loopback by git's own server, behind Basic authentication (RFC 7617). */
export async function startDemoGitServer(options: DemoGitServerOptions): Promise<DemoGitServer> {
  const server = createServer((request, response) => {
    answer(request, response, options).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: DemoGitServerOptions,
): Promise<void> {
  const url = new URL(request.url ?? "/", "http://server.invalid");
  const path = decodeURIComponent(url.pathname);
  const user = accountOf(request, options);
  if (user === undefined && options.privateOwners.includes(path.split("/")[1] ?? "")) {
    response.writeHead(401, { "WWW-Authenticate": 'Basic realm="Bowline demo"' }).end();
    return;
  }
  const { method = "GET", headers } = request;
  const query = url.search.slice(1);
  const { root, searchPath } = options;
  const answered = await runHttpBackend({ root, searchPath, method, path, query, headers, body: request, ...user });
  response.on("close", answered.kill);
  response.writeHead(answered.status, answered.headers);
  answered.body.pipe(response);
}

function accountOf(request: IncomingMessage, { account }: DemoGitServerOptions): { user: string } | undefined {
  const [scheme = "", value = ""] = (request.headers.authorization ?? "").split(" ");
  const [, username, password] = /^([^:]*):([^]*)$/.exec(Buffer.from(value, "base64").toString()) ?? [];
  if (scheme !== "Basic" || username !== account.username || password === undefined) return undefined;
  return digestOf(password) === account.passwordDigest ? { user: username } : undefined;
}

/** The password is random and long: nothing is gained by a slow digest. */
export function digestOf(password: string): string {
  return createHash("sha256").update(password).digest("base64");
}
