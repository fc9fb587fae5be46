// node:child_process itself: ssh's pipes are the connection.
import { spawn } from "node:child_process";
import { Agent, request as plainRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { request as tlsRequest } from "node:https";
import { isIP } from "node:net";
import { Duplex, type Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
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
      // More than one may come: of a pipe that broke, and of the request that was in it.
      sent.on("error", (error) => void explained(error, { socket: sent.socket, signal }).then(reject));
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
      // The name that the certificate is held against; an address is no name for TLS.
      options: {
        ...{ host, port, agent: false as const, ...files, servername: isIP(host) === 0 ? host : "" },
        rejectUnauthorized: unchecked !== true,
      },
    };
  }
  const agent = new Agent({ keepAlive: false });
  agent.createConnection = () => sshConnection(endpoint, programs);
  return { request: plainRequest, options: { agent } satisfies RequestOptions };
}

/** What ssh says at its end, by connection. */
const LAST_WORDS = new WeakMap<object, Promise<string>>();

/** An error of ssh's connection by ssh's own words, which come a moment later than the end of the pipe. */
async function explained(
  error: Error,
  { socket, signal }: { socket: object | null; signal: AbortSignal | undefined },
): Promise<Error> {
  const words = socket === null ? undefined : LAST_WORDS.get(socket);
  // A pipe that ends early looks as if somebody had aborted it.
  if (words === undefined || signal?.aborted === true) return error;
  return Promise.race([words.then((text) => new Error(text, { cause: error })), sleep(1_000, error)]);
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
  const last = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(`ssh cannot be started: ${error.message}`));
    child.once("close", (code) => resolve(said.trim() || `ssh ended with exit code ${code}`));
  });
  const { stderr }: { stderr: Readable | undefined } = child;
  if (stderr === undefined) throw new Error("ssh cannot be started: too many files are open");
  stderr.on("data", (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-1000)));
  const connection = Duplex.from({ readable: child.stdout, writable: child.stdin });
  connection.on("error", () => {});
  connection.once("close", () => child.kill());
  LAST_WORDS.set(connection, last);
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
