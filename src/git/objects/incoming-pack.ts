import { BowlineError } from "../../lib/index.ts";
import { named } from "../failures.ts";
import { tooLarge } from "./byte-budget.ts";
import type { EarlyFetchOptions } from "./fetch-options.ts";
import { firstCommit } from "./first-commit.ts";
import { PACK_HEADER_LENGTH, readPackHeader, type PackHeader } from "./pack-header.ts";

/** A pack on its way from the server to git. */
export interface IncomingPack {
  pieces: AsyncIterable<Buffer[]>;
  /** What came so far. */
  bytes: () => number;
  /** The wanted commit's content, where the pack begins with it. */
  content: () => Buffer | undefined;
}

/** More objects than the largest repositories have by far; git would set memory aside for each before it looks at the first. */
const MOST_OBJECTS = 200_000_000;
const BETWEEN_EVENTS = 100;
const NOTHING: Buffer = Buffer.alloc(0);

/**
 * Looks at a pack while it passes: refuses what is none (GIT_PROTOCOL) and ends it at the byte that is one too many (GIT_TOO_LARGE),
 * tells how much has come, and keeps the first commit.
 */
export function watchPack(
  pack: AsyncIterable<Buffer[]>,
  options: Pick<EarlyFetchOptions, "access" | "commit" | "request" | "watch">,
): IncomingPack {
  const { access, commit, request } = options;
  const watch = options.watch?.();
  const { maxBytes } = request.policy;
  let bytes = 0;
  let content: Buffer | undefined;
  /** What came before the header was whole. */
  let head = NOTHING;
  let header: PackHeader | undefined;
  let toldAt = performance.now();
  let handedOn = toldAt;
  async function* pieces(): AsyncGenerator<Buffer[]> {
    for await (const arrived of pack) {
      const waited = performance.now() - handedOn;
      for (const { length } of arrived) bytes += length;
      if (maxBytes !== undefined && bytes > maxBytes) throw tooLarge(request.url, maxBytes);
      if (performance.now() - toldAt > BETWEEN_EVENTS) {
        toldAt = performance.now();
        request.onEvent?.({ phase: "fetch", state: "progress", done: 0, bytes });
      }
      let next = arrived;
      if (header === undefined) {
        head = Buffer.concat([head, ...arrived]);
        if (head.length < PACK_HEADER_LENGTH) continue;
        header = readPackHeader(head);
        if (header === undefined || header.objects > MOST_OBJECTS) throw noPack(access);
        content = firstCommit(head, commit);
        next = [head];
        head = NOTHING;
      }
      watch?.see(next, waited);
      yield next;
      handedOn = performance.now();
    }
    const objects = header?.objects ?? 0;
    request.onEvent?.({ phase: "fetch", state: "progress", done: objects, total: objects, bytes });
  }
  return { pieces: pieces(), bytes: () => bytes, content: () => content };
}

function noPack(access: EarlyFetchOptions["access"]): BowlineError {
  return new BowlineError({
    code: "GIT_PROTOCOL",
    message: `what "${named(access.url)}" sends as a pack is none`,
    hint: "ask whoever runs the server",
  });
}
