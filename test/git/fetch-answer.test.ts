import { expect, test } from "vitest";
import type { HttpStream } from "../../src/git/http/exchange.ts";
import { readFetchAnswer, type Ear } from "../../src/git/server/fetch-answer.ts";

const unwanted = (): Error => new Error("not expected here");
const ear: Ear = {
  ...{ onWords: unwanted, cutShort: unwanted, broken: unwanted, tooSlow: unwanted },
  stall: 60_000,
};

interface Watched extends HttpStream {
  dropped: () => boolean;
}

/** An answer of these chunks, after which nothing comes until it is dropped. */
function streamOf(chunks: Iterable<Buffer>): Watched {
  let dropped = false;
  let drop = (): void => {};
  const over = new Promise<void>((resolve) => (drop = resolve));
  async function* body(): AsyncGenerator<Buffer> {
    yield* chunks;
    await over;
  }
  return {
    ...{ status: 200, headers: {}, chunks: body(), waited: () => 0, dropped: () => dropped },
    drop() {
      dropped = true;
      drop();
    },
  };
}

test("a list of where history ends that has no end is refused", async () => {
  const lines = Buffer.from(`0035shallow ${"a".repeat(40)}\n`.repeat(50_000));
  function* chunks(): Generator<Buffer> {
    for (let at = 0; at < 21; at += 1) yield lines;
    yield Buffer.from("000dpackfile\n");
  }
  const stream = streamOf(chunks());
  expect(await readFetchAnswer(stream, ear)).toEqual({ refused: undefined });
  expect(stream.dropped()).toBe(true);
});
