// node:child_process itself: ssh's pipes are the connection.
import { spawn } from "node:child_process";
import { Agent, request as plainRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { request as tlsRequest } from "node:https";
import { Duplex } from "node:stream";
import type { Endpoint } from "./endpoint.ts";

export interface Call {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: Buffer | undefined;
  signal?: AbortSignal | undefined;
  /** Milliseconds without a byte that end it; none where the engine may be silent for long. */
  silence?: number | undefined;
}

/** Sends one request to the engine; resolves with the head of its answer. Each has a connection of its own. */
export type Send = (call: Call) => Promise<IncomingMessage>;

/** Milliseconds until a connection must stand. */
const CONNECT = 10_000;

export function openTransport(endpoint: Endpoint, programs: Readonly<Record<string, string>>): Send {
  const { options, request } = settingsFor(endpoint, programs);
  return ({ method, path, headers = {}, body, signal, silence }) =>
    new Promise((resolve, reject) => {
      const length = body === undefined ? {} : { "content-length": String(body.length) };
      const sent = request({
        ...{ ...options, method, path },
        headers: { host: "docker", ...headers, ...length },
        ...(signal === undefined ? {} : { signal }),
      });
      sent.once("error", reject);
      sent.once("response", resolve);
      sent.once("socket", (socket) => {
        if (endpoint.kind !== "tcp") return;
        const clock = setTimeout(() => sent.destroy(timeout(endpoint)), CONNECT);
        socket.once(endpoint.tls === undefined ? "connect" : "secureConnect", () => clearTimeout(clock));
        socket.once("close", () => clearTimeout(clock));
      });
      if (silence !== undefined) sent.setTimeout(silence, () => sent.destroy(timeout(endpoint)));
      sent.end(body);
    });
}

function settingsFor(endpoint: Endpoint, programs: Readonly<Record<string, string>>) {
  if (endpoint.kind === "unix")
    return { request: plainRequest, options: { socketPath: endpoint.path, agent: false } satisfies RequestOptions };
  if (endpoint.kind === "tcp") {
    const { host, port, tls } = endpoint;
    if (tls === undefined)
      return { request: plainRequest, options: { host, port, agent: false } satisfies RequestOptions };
    const { unchecked, ...files } = tls;
    return {
      request: tlsRequest,
      options: { host, port, agent: false as const, ...files, rejectUnauthorized: unchecked !== true },
    };
  }
  const agent = new Agent({ keepAlive: false });
  agent.createConnection = () => sshConnection(endpoint, programs);
  return { request: plainRequest, options: { agent } satisfies RequestOptions };
}

/** As Docker's own client does it: a command on the other side whose input and output are the engine's socket. */
function sshConnection(
  { host, user, port }: Endpoint & { kind: "ssh" },
  env: Readonly<Record<string, string>>,
): Duplex {
  const words = [...(user === undefined ? [] : ["-l", user]), ...(port === undefined ? [] : ["-p", port])];
  const options = ["-o", "BatchMode=yes", "-o", `ConnectTimeout=${CONNECT / 1000}`, "-T"];
  const child = spawn("ssh", [...options, ...words, "--", host, "docker", "system", "dial-stdio"], {
    env,
    stdio: ["pipe", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-1000)));
  const connection = Duplex.from({ readable: child.stdout, writable: child.stdin });
  const fail = (why: string): void => void connection.destroy(new Error(why));
  child.once("error", (error) => fail(`ssh cannot be started: ${error.message}`));
  child.once("exit", (code) => code !== 0 && fail(said.trim() || `ssh ended with exit code ${code}`));
  connection.once("close", () => child.kill());
  // What an http client asks of a socket and a pipe does not have.
  return Object.assign(connection, {
    setTimeout: () => connection,
    setKeepAlive: () => connection,
    setNoDelay: () => connection,
    ref: () => {},
    unref: () => {},
  });
}

function timeout({ shown }: Endpoint): NodeJS.ErrnoException {
  const error: NodeJS.ErrnoException = new Error(`no answer from ${shown}`);
  error.code = "ETIMEDOUT";
  return error;
}
