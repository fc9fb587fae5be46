import { createReadStream, existsSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { runHttpBackend } from "../../src/cli/demo/index.ts";
import { covers, identify, type Account } from "./accounts.ts";
import { certificate, type CertificateKind } from "./certificates.ts";
import { cut, sendBody, strike, type Fault } from "./faults.ts";
import { FORGES, type EarlyAnswer, type ForgeName } from "./forges.ts";
import { answerLfs, type LfsAnswer, type LfsOptions } from "./lfs-server.ts";
import { makeRepository, type Repository, type RepositorySpec } from "./make-repository.ts";
import type { RecordedRequest } from "./recorded-request.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export interface GitServerOptions {
  /** Folder of bare repositories, `org/repo.git` below it; a new temporary one when absent. */
  root?: string;
  /** Who is let in; when there are none, everything is public. */
  accounts?: Account[];
  /** Owners or repositories that need nobody, where there are accounts. */
  public?: string[];
  /** Plain http when absent. */
  tls?: CertificateKind;
  /** A loopback address; 127.0.0.2 and so on stand for other hosts. */
  host?: string;
  port?: number;
  forge?: ForgeName;
  redirectTo?: string;
  renamed?: Record<string, string>;
  lfs?: LfsOptions;
}

export interface GitServer {
  /** `https://127.0.0.1:PORT`, without a slash at the end. */
  url: string;
  host: string;
  port: number;
  root: string;
  /** PEM of the authority, and a file with it, where there is TLS. */
  ca: string;
  caFile: string;
  /** Everything that was asked, in order. */
  requests: RecordedRequest[];
  /** Every connection that was made, in order; their `bytesRead` and `bytesWritten` are what was on the wire. */
  connections: Socket[];
  /** May be changed at any time. */
  faults: Fault[];
  accounts: Account[];
  /** Makes `org/repo.git` below the root (the name without `.git`); see makeRepository for the spec. */
  add: (name: string, spec?: RepositorySpec) => Promise<Repository>;
  close: () => Promise<void>;
}

/** Serves bare repositories by real `git http-backend`, with authentication, faults and a forge's habits, and records every request. */
export async function startGitServer(options: GitServerOptions = {}): Promise<GitServer> {
  const { host = "127.0.0.1", port = 0, tls, accounts = [] } = options;
  const root = options.root ?? (await temporaryFolder());
  const server: GitServer = {
    ...{ url: "", host, port: 0, root, ca: "", caFile: "", requests: [], connections: [], faults: [], accounts },
    add: (name, spec) => makeRepository(join(root, `${name}.git`), spec),
    close: () => Promise.resolve(),
  };
  const listener: RequestListener = (request, response) => {
    answer({ server, options, request, response }).catch(() => response.destroy());
  };
  const certified = tls === undefined ? undefined : await certificate(tls);
  const listening = certified === undefined ? createServer(listener) : createTlsServer(certified, listener);
  listening.on("connection", (socket: Socket) => void server.connections.push(socket));
  await new Promise<void>((resolve, reject) => {
    listening.once("error", reject);
    listening.listen(port, host, resolve);
  });
  listening.unref();
  server.port = (listening.address() as AddressInfo).port;
  server.url = `${tls === undefined ? "http" : "https"}://${host}:${server.port}`;
  if (certified !== undefined) Object.assign(server, { ca: certified.ca, caFile: certified.caFile });
  server.close = async () => {
    listening.closeAllConnections();
    await new Promise((resolve) => listening.close(resolve));
  };
  return server;
}

interface Exchange {
  server: GitServer;
  options: GitServerOptions;
  request: IncomingMessage;
  response: ServerResponse;
}

async function answer({ server, options, request, response }: Exchange): Promise<void> {
  const { method = "GET", url: path = "/", headers } = request;
  const recorded: RecordedRequest = { method, path, headers, bytes: 0, body: Buffer.alloc(0), status: 0 };
  server.requests.push(recorded);
  const body = await readBody(request);
  Object.assign(recorded, { bytes: body.length, body: body.subarray(0, 65_536) });

  const fault = strike(server.faults, recorded);
  if (fault?.delay !== undefined) await sleep(fault.delay);
  if (fault?.reset === 0 || fault?.stall === 0) return cut(response, fault);
  const {
    status,
    headers: answered = {},
    body: content,
    kill,
    silent,
  } = await prepare({ server, options, recorded, body, fault });
  if (silent) return;
  recorded.status = status;
  if (kill !== undefined) response.on("close", kill);
  response.writeHead(status, answered);
  await sendBody(
    response,
    content instanceof Readable ? content : Readable.from(content === "" ? [] : [Buffer.from(content)]),
    fault ?? {},
  );
}

interface Prepared extends Omit<LfsAnswer, "body"> {
  silent?: true;
  body: string | Buffer | Readable;
  kill?: () => void;
}

interface Preparing {
  server: GitServer;
  options: GitServerOptions;
  recorded: RecordedRequest;
  body: Buffer;
  fault: Fault | undefined;
}

async function prepare({ server, options, recorded, body, fault }: Preparing): Promise<Prepared> {
  const forge = FORGES[options.forge ?? "plain"];
  if (fault?.status !== undefined)
    return { status: fault.status, headers: fault.headers ?? {}, body: fault.body ?? "" };
  const early = forge.early?.(recorded, { ...options, url: server.url });
  if (early !== undefined) return { ...early, body: early.body ?? "" };

  const url = new URL(recorded.path, "http://server.invalid");
  let path = decodeURIComponent(url.pathname);
  const objectsOnly = options.lfs !== undefined && path.startsWith("/lfs-objects/");
  const refused = objectsOnly ? undefined : refuse({ server, options, recorded, path });
  if (refused !== undefined) return { ...refused, body: refused.body ?? "" };
  const lfs =
    options.lfs === undefined ? undefined : answerLfs({ ...recorded, body }, { ...options.lfs, url: server.url });
  if (lfs !== undefined) return lfs;

  if (forge.withoutSuffix) path = withSuffix(server.root, path);
  if (options.forge === "dumb") return serveFile(join(server.root, path), recorded);
  const headers = { ...recorded.headers };
  if (!forge.v2) delete headers["git-protocol"];
  if (forge.instead !== undefined) headers["git-protocol"] = forge.instead;
  const user = identify(recorded.headers, server.accounts);
  const named = typeof user === "object" ? { user: user.username ?? "token" } : {};
  const query = url.search.slice(1);
  return runHttpBackend({
    root: server.root,
    searchPath: process.env["PATH"] ?? "",
    method: recorded.method,
    path,
    query,
    headers,
    body: Readable.from([body]),
    ...named,
  });
}

function refuse({
  server,
  options,
  recorded,
  path,
}: Omit<Preparing, "body" | "fault"> & { path: string }): EarlyAnswer | undefined {
  const forge = FORGES[options.forge ?? "plain"];
  const who = identify(recorded.headers, server.accounts);
  const challenge = {
    status: 401,
    headers: { "www-authenticate": 'Basic realm="test"' },
    body: "authentication required",
  };
  if (who === "nobody" && forge.absent === 401 && repositoryBelow(server.root, path) === undefined) return challenge;
  if (server.accounts.length === 0) return undefined;
  if (who === "unknown") return challenge;
  if (options.public !== undefined && covers(options.public, path)) return undefined;
  if (who === "nobody") return challenge;
  return covers(who.access, path)
    ? undefined
    : { status: forge.denied, body: forge.denied === 404 ? "not found" : "forbidden" };
}

/** `/org/repo/info/refs` as `/org/repo.git/info/refs`, where that is what there is. */
function withSuffix(root: string, path: string): string {
  const found = repositoryBelow(root, path);
  return found === undefined ? path : `/${found.name}.git${found.rest}`;
}

/** The repository that a path leads into: the shortest prefix of the path that is one. */
function repositoryBelow(root: string, path: string): { name: string; rest: string } | undefined {
  const segments = path.slice(1).split("/");
  for (let length = 1; length <= segments.length; length += 1) {
    const name = segments
      .slice(0, length)
      .join("/")
      .replace(/\.git$/, "");
    if (name !== "" && existsSync(join(root, `${name}.git`)))
      return { name, rest: path.slice(1 + segments.slice(0, length).join("/").length) };
  }
  return undefined;
}

function serveFile(file: string, { method }: RecordedRequest): Prepared {
  if (method !== "GET" || file.includes("/../") || !existsSync(file))
    return { status: method === "GET" ? 404 : 405, body: "" };
  return { status: 200, headers: { "content-type": "text/plain" }, body: createReadStream(file) };
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
