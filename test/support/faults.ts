import type { ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { RecordedRequest } from "./recorded-request.ts";

/** One thing that goes wrong on the way; the first that matches a request strikes. */
export interface Fault {
  /** Which requests; all when absent. */
  match?: (request: RecordedRequest) => boolean;
  /** How many requests it strikes before it is over; for ever when absent. */
  times?: number;
  /** Milliseconds before anything is answered. */
  delay?: number;
  /** An answer instead of the real one. */
  status?: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** After this many bytes of the body nothing more comes, and the connection stays open. 0: not even a head. */
  stall?: number;
  /** After this many bytes of the body the connection is reset. 0: before the head. */
  reset?: number;
  /** After this many bytes the body ends, as if it were complete. */
  truncate?: number;
  bytesPerSecond?: number;
  /** The real answer, changed. */
  rewrite?: (body: Buffer) => Buffer;
  /** The last so many bytes of the body come when this is over. */
  hold?: { last: number; until: () => Promise<void> };
  /** Sent again and again after the body, until the client goes away. */
  endless?: Buffer;
}

/** The fault for this request, counted as struck. */
export function strike(faults: Fault[], request: RecordedRequest): Fault | undefined {
  const fault = faults.find(({ times, match }) => times !== 0 && (match?.(request) ?? true));
  if (fault?.times !== undefined) fault.times -= 1;
  return fault;
}

/** Sends a body as the fault would have it. */
export async function sendBody(response: ServerResponse, body: Readable, fault: Fault): Promise<void> {
  const { stall = Infinity, reset = Infinity, truncate = Infinity, bytesPerSecond } = fault;
  const limit = Math.min(stall, reset, truncate);
  let sent = 0;
  for await (const chunk of changed(body, fault)) {
    for (const piece of pieces(chunk as Buffer, bytesPerSecond)) {
      if (response.destroyed) return;
      const part = piece.subarray(0, limit - sent);
      if (part.length > 0 && !response.write(part)) await drained(response);
      sent += part.length;
      if (bytesPerSecond !== undefined) await sleep((1000 * part.length) / bytesPerSecond);
      if (sent >= limit) return cut(response, fault);
    }
  }
  response.end();
}

async function* changed(body: Readable, { rewrite, hold, endless }: Fault): AsyncGenerator<Buffer> {
  const whole: Buffer[] = [];
  for await (const chunk of body as AsyncIterable<Buffer>) {
    if (rewrite === undefined && hold === undefined) yield chunk;
    else whole.push(chunk);
  }
  const all = Buffer.concat(whole);
  const answer = rewrite?.(all) ?? all;
  const held = hold === undefined ? answer.length : Math.max(0, answer.length - hold.last);
  yield answer.subarray(0, held);
  await hold?.until();
  yield answer.subarray(held);
  while (endless !== undefined) yield endless;
}

/** Ends a response as the fault says: by a reset, by silence, or as if that were all. */
export function cut(response: ServerResponse, { stall, reset }: Fault): void {
  if (reset !== undefined) resetConnection(response);
  else if (stall === undefined) response.end();
}

function resetConnection(response: ServerResponse): void {
  try {
    response.socket?.resetAndDestroy();
  } catch {
    // A TLS socket cannot be reset from here; ending it in the middle of a body is as bad for the client.
    response.socket?.destroy();
  }
}

function* pieces(chunk: Buffer, bytesPerSecond: number | undefined): Generator<Buffer> {
  const size = bytesPerSecond === undefined ? chunk.length : Math.max(1, Math.floor(bytesPerSecond / 10));
  for (let at = 0; at < chunk.length; at += size) yield chunk.subarray(at, at + size);
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done).off("close", done);
      resolve();
    };
    response.on("drain", done).on("close", done);
  });
}
