import type { ClientRequest, IncomingMessage, RequestOptions, request as Request } from "node:http";
import type { Readable } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { Timeouts } from "../../config/index.ts";
import { BowlineError, errnoOf } from "../../lib/index.ts";
import { abortError } from "../failures.ts";
import { networkError, statusError, type Asked } from "./failures.ts";

/** One request, as it goes onto the wire. */
export interface Exchange {
  asked: Asked;
  timeouts: Timeouts;
  signal: AbortSignal;
  body?: Buffer | undefined;
  options: RequestOptions;
}

/** The head of an answer. */
export interface HttpStream {
  status: number;
  headers: IncomingMessage["headers"];
  /**
   * The body as it arrives, without its compression. It ends with HOST_TIMEOUT when no byte comes for the stall time; time in which
   * nobody asks for more does not count. Only a body that is read to its end leaves the connection free for the next request.
   */
  chunks: AsyncIterable<Buffer>;
  /** Milliseconds that were spent waiting for the body so far. */
  waited: () => number;
  /** Ends the connection, if the body is not at its end. */
  drop: () => void;
}

/** Sends a request and waits for the head of its answer. */
export async function openExchange(exchange: Exchange): Promise<HttpStream> {
  // Loaded only where a server is asked: what is cached needs none.
  const { request } = await (exchange.options.protocol === "https:" ? import("node:https") : import("node:http"));
  for (;;) {
    try {
      return await attempt(exchange, request);
    } catch (error) {
      // A server may close a kept connection, or all of them, at the very moment at which it is used again: that is no fault of anyone's.
      if (!(error instanceof StaleConnection)) throw error;
    }
  }
}

/** Reads a body of up to `maxBytes`; a longer one is cut there, and its connection closed. */
export async function readBody(stream: HttpStream, maxBytes: number): Promise<{ body: Buffer; cut: boolean }> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream.chunks) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > maxBytes) {
      stream.drop();
      return { body: Buffer.concat(chunks), cut: true };
    }
  }
  return { body: Buffer.concat(chunks), cut: false };
}

/** What is left of an answer is read up to here, and for this many milliseconds, to have the connection free again. */
const WORTH_READING = 64 * 1024;
const MOMENT = 500;

/** Passes over the body of an answer that says all in its head; one that is long, slow or broken costs its connection and nothing else. */
export async function passOver(stream: HttpStream): Promise<void> {
  const timer = setTimeout(() => stream.drop(), MOMENT);
  try {
    await readBody(stream, WORTH_READING);
  } catch {
    // the head was heard
  } finally {
    clearTimeout(timer);
  }
}

/** The error for a server that lets us wait. */
export function timeoutError({ url, proxy }: Asked, milliseconds: number, what: string): BowlineError {
  const through = proxy === undefined ? "" : `, through the proxy "${proxy}",`;
  return new BowlineError({
    code: "HOST_TIMEOUT",
    message: `${what} from "${url.host}"${through} within ${milliseconds / 1000} s`,
    hint: "check the host in the url and the network of this machine; policy.timeouts sets the time",
  });
}

class StaleConnection extends Error {}

function attempt({ asked, timeouts, signal, body, options }: Exchange, request: typeof Request): Promise<HttpStream> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(abortError(signal));
    const sent = request(options);
    let timer: NodeJS.Timeout | undefined;
    let fault: Error | undefined;
    const wait = (milliseconds: number, what: string): void => {
      clearTimeout(timer);
      timer = setTimeout(() => end(timeoutError(asked, milliseconds, what)), milliseconds);
    };
    const end = (error: BowlineError): void => {
      fault ??= error;
      sent.destroy(error);
      // a request that waits for its connection does not tell before that has failed, too
      reject(error);
    };
    const onAbort = (): void => end(abortError(signal));
    signal.addEventListener("abort", onAbort);
    sent.on("close", () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      // however it ended, nobody waits for ever
      reject(networkError(fault ?? signal.reason ?? new Error("closed without an answer"), asked));
    });
    wait(timeouts.connect, "no connection");
    onceConnected(sent, () => wait(timeouts.stall, "no answer"));
    sent.on("upgrade", ({ statusCode = 0 }, socket) => {
      socket.destroy();
      reject(statusError(statusCode, asked));
    });
    sent.on("error", (error) => {
      fault ??= error;
      reject(isStale(sent, error) ? new StaleConnection() : networkError(error, asked));
    });
    sent.on("response", (response) => {
      clearTimeout(timer);
      // said to a kept connection that was idle for long, at the moment at which it is used again (RFC 9110, section 15.5.9)
      if (sent.reusedSocket && response.statusCode === 408) {
        reject(new StaleConnection());
        return void sent.destroy();
      }
      const reading: Reading = {
        wait: () => wait(timeouts.stall, "no byte"),
        rest: () => clearTimeout(timer),
        fault: () => fault,
        told: (error) => networkError(fault ?? error, asked),
      };
      const { chunks, waited } = readChunks(response, reading);
      const drop = (): void => void (response.readableEnded || sent.destroy());
      resolve({ status: response.statusCode ?? 0, headers: response.headers, chunks, waited, drop });
    });
    sent.end(body);
  });
}

function isStale(sent: ClientRequest, error: Error): boolean {
  return sent.reusedSocket && ["ECONNRESET", "EPIPE"].includes(errnoOf(error) ?? "");
}

function onceConnected(sent: ClientRequest, then: () => void): void {
  sent.on("socket", (socket) => {
    if (sent.reusedSocket) return then();
    const secured = socket as Partial<TLSSocket>;
    if (secured.encrypted) return void socket.once("secureConnect", then);
    if (socket.connecting) socket.once("connect", then);
    else then();
  });
}

interface Reading {
  wait: () => void;
  rest: () => void;
  /** What ended the connection, if that was no good end. */
  fault: () => Error | undefined;
  told: (error: unknown) => BowlineError;
}

function readChunks(response: IncomingMessage, reading: Reading): Pick<HttpStream, "chunks" | "waited"> {
  const { wait, rest, fault, told } = reading;
  let waited = 0;
  async function* chunks(): AsyncGenerator<Buffer> {
    const iterator = (await decoded(response))[Symbol.asyncIterator]();
    try {
      for (;;) {
        const began = performance.now();
        wait();
        const next = (await iterator.next()) as IteratorResult<Buffer, undefined>;
        rest();
        waited += performance.now() - began;
        // a body that is as long as its connection lasts is whole for Node, whatever ended that
        const ended = next.done === true ? fault() : undefined;
        if (ended !== undefined) throw ended;
        if (next.done === true) return;
        yield next.value;
      }
    } catch (error) {
      throw told(error);
    } finally {
      rest();
      if (!response.readableEnded) response.destroy();
    }
  }
  return { chunks: chunks(), waited: () => waited };
}

async function decoded(response: IncomingMessage): Promise<Readable> {
  // RFC 9110, section 8.4.1
  if (!/^(x-)?gzip$/i.test(response.headers["content-encoding"] ?? "")) return response;
  const { createGunzip, constants } = await import("node:zlib");
  const { pipeline } = await import("node:stream");
  // A body of no bytes at all, or one that ends early, is for the reader to judge.
  const gunzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH });
  return pipeline(response, gunzip, () => undefined);
}
