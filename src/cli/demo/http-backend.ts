import { spawn } from "node:child_process";
import type { IncomingHttpHeaders } from "node:http";
import { devNull } from "node:os";
import type { Readable } from "node:stream";

/** One request for git's own server. */
export interface BackendRequest {
  /** Folder of bare repositories; the request's path is looked up below it. */
  root: string;
  /** The `PATH` on which git is found. */
  searchPath: string;
  method: string;
  /** Path of the url, decoded, beginning with "/". */
  path: string;
  /** Without the "?". */
  query: string;
  headers: IncomingHttpHeaders;
  body: Readable;
  /** Who was let in; git allows a push only to somebody. */
  user?: string;
}

/** What git's server answered: the body is still to be read. */
export interface BackendResponse {
  status: number;
  headers: Record<string, string>;
  body: Readable;
  /** Ends git's server, for a client that went away. */
  kill: () => void;
}

/**
 * Answers one request by the real `git http-backend`, a CGI program (RFC 3875).
 * Every repository below `root` is served; who may see which is the caller's to decide.
 */
export function runHttpBackend(request: BackendRequest): Promise<BackendResponse> {
  const child = spawn("git", ["http-backend"], { env: backendEnv(request), stdio: ["pipe", "pipe", "ignore"] });
  request.body.pipe(child.stdin);
  // A server that refuses early does not read its input to the end.
  child.stdin.on("error", () => request.body.unpipe(child.stdin));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    let head: Buffer = Buffer.alloc(0);
    const read = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf("\r\n\r\n");
      if (end === -1) return;
      child.stdout.off("data", read);
      child.stdout.pause();
      if (end + 4 < head.length) child.stdout.unshift(head.subarray(end + 4));
      resolve({ ...parseHead(head.toString("latin1", 0, end)), body: child.stdout, kill: () => child.kill("SIGKILL") });
    };
    child.stdout.on("data", read);
    child.stdout.on("end", () => reject(new Error("git http-backend ended without an answer")));
  });
}

function backendEnv({ root, searchPath, method, path, query, headers, user }: BackendRequest): NodeJS.ProcessEnv {
  const optional: Record<string, string | undefined> = {
    CONTENT_TYPE: headers["content-type"],
    CONTENT_LENGTH: headers["content-length"],
    HTTP_CONTENT_ENCODING: headers["content-encoding"],
    GIT_PROTOCOL: headers["git-protocol"] as string | undefined,
    REMOTE_USER: user,
  };
  return {
    PATH: searchPath,
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: "1",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: devNull,
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "safe.directory",
    GIT_CONFIG_VALUE_0: "*",
    REQUEST_METHOD: method,
    PATH_INFO: path,
    QUERY_STRING: query,
    REMOTE_ADDR: "127.0.0.1",
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  };
}

function parseHead(text: string): { status: number; headers: Record<string, string> } {
  const headers: Record<string, string> = {};
  let status = 200;
  for (const line of text.split("\r\n")) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === "status") status = Number.parseInt(value, 10);
    else headers[name] = value;
  }
  return { status, headers };
}
