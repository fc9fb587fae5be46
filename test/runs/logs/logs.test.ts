import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createRedactor } from "../../../src/lib/index.ts";
import { createLineSplitter, LONGEST_LINE, type Piece } from "../../../src/runs/logs/line-splitter.ts";
import { openLogWriter } from "../../../src/runs/logs/log-writer.ts";
import { readLogs } from "../../../src/runs/logs/read-logs.ts";
import type { LogLine, LogOptions } from "../../../src/runs/index.ts";
import { temporaryHome } from "../plans.ts";

function openTemporary(options: { maxBytes?: number; secrets?: string[] } = {}) {
  const runFolder = temporaryHome().state;
  const writer = openLogWriter({ runFolder, redactor: createRedactor(options.secrets), maxBytes: options.maxBytes });
  async function read(more: LogOptions = {}): Promise<LogLine[]> {
    const lines: LogLine[] = [];
    for await (const line of readLogs(runFolder, { ...more, goesOn: async () => false })) lines.push(line);
    return lines;
  }
  return { writer, read, runFolder };
}

/** The bytes that the pieces stand for. */
function bytesOf(pieces: readonly (Piece | LogLine)[]): Buffer {
  return Buffer.concat(
    pieces.flatMap(({ text, bytes, partial }) => [bytes ?? Buffer.from(text), Buffer.from(partial ? "" : "\n")]),
  );
}

test("lines keep every byte, however they are cut", () => {
  const letters = fc.constantFrom("a", "\n", "é", "€", "😀", "\r");
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.array(letters).map((list) => Buffer.from(list.join(""))),
  );
  fc.assert(
    fc.property(bytes, fc.array(fc.nat(300), { maxLength: 10 }), fc.boolean(), (input, cuts, flushes) => {
      const splitter = createLineSplitter();
      const places = [0, ...cuts.filter((cut) => cut < input.length).sort((a, b) => a - b), input.length];
      const pieces = places
        .slice(1)
        .flatMap((end, index) => [
          ...splitter.push(input.subarray(places[index], end)),
          ...(flushes ? splitter.flush() : []),
        ]);
      pieces.push(...splitter.end());
      expect(bytesOf(pieces).equals(Buffer.from(input))).toBe(true);
      if (Buffer.from(input).equals(Buffer.from(Buffer.from(input).toString()))) {
        expect(pieces.some((piece) => piece.bytes !== undefined)).toBe(false);
      }
    }),
  );
});

test("a long line is kept in pieces of a bounded size that cut no character", () => {
  const splitter = createLineSplitter();
  const line = "€".repeat(LONGEST_LINE);
  const pieces = [...splitter.push(Buffer.from(line)), ...splitter.push(Buffer.from("\n"))];
  expect(Math.max(...pieces.map(({ text }) => Buffer.byteLength(text)))).toBeLessThanOrEqual(LONGEST_LINE);
  expect(pieces.map(({ text }) => text).join("")).toBe(line);
  expect(pieces.every(({ bytes }) => bytes === undefined)).toBe(true);
});

test("containers and streams are kept apart, each in order", async () => {
  const { writer, read } = openTemporary();
  for (let index = 0; index < 20; index++) {
    writer.write("main", "stdout", Buffer.from(`out ${index}\n`));
    writer.write("main", "stderr", Buffer.from(`err ${index}\n`));
    writer.write("init/repo", "stdout", Buffer.from(`init ${index}\n`));
  }
  writer.write("main", "stdout", Buffer.from("no line end"));
  writer.close();
  const lines = await read();
  for (const [container, stream, word] of [
    ["main", "stdout", "out"],
    ["main", "stderr", "err"],
    ["init/repo", "stdout", "init"],
  ]) {
    const texts = lines
      .filter((line) => line.container === container && line.stream === stream)
      .map(({ text }) => text);
    expect(texts.slice(0, 20)).toEqual(Array.from({ length: 20 }, (_, index) => `${word} ${index}`));
  }
  expect(lines.at(-1)).toMatchObject({ text: "no line end", partial: true });
  expect((await read({ container: "init/repo" })).length).toBe(20);
  expect((await read({ container: "main", tail: 1 })).map(({ text }) => text)).toEqual(["no line end"]);
  await expect(read({ container: "sidecar/none" })).rejects.toMatchObject({ code: "USAGE" });
});

test("bytes that are no UTF-8 come back as they were", async () => {
  const { writer, read } = openTemporary();
  const bytes = Buffer.from([0x61, 0xff, 0x00, 0xc3, 0x0a, 0x62, 0x0a]);
  writer.write("main", "stdout", bytes);
  writer.close();
  expect(bytesOf(await read()).equals(bytes)).toBe(true);
});

test("a log stays within its bound, and says what it dropped", async () => {
  const { writer, read, runFolder } = openTemporary({ maxBytes: 20_000 });
  for (let index = 0; index < 2000; index++) writer.write("main", "stdout", Buffer.from(`line ${index}\n`));
  writer.close();
  const folder = join(runFolder, "logs");
  const size = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  expect(size).toBeLessThan(21_000);
  const [first, second, ...rest] = await read();
  expect(first).toMatchObject({
    stream: "bowline",
    text: expect.stringMatching(/^older output was dropped here: \d+ bytes/),
  });
  const from = Number(second?.text.slice(5));
  expect(rest.map(({ text }) => text)).toEqual(
    Array.from({ length: 1999 - from }, (_, index) => `line ${from + 1 + index}`),
  );
});

test("a follower reads on while the log turns over", async () => {
  const { writer, runFolder } = openTemporary({ maxBytes: 40_000 });
  let written = 0;
  const texts: string[] = [];
  async function goesOn(): Promise<boolean> {
    for (let index = 0; index < 100; index++) writer.write("main", "stdout", Buffer.from(`line ${written++}\n`));
    return written < 2000;
  }
  for await (const line of readLogs(runFolder, { follow: true, goesOn })) texts.push(line.text);
  writer.close();
  expect(texts).toEqual(Array.from({ length: written }, (_, index) => `line ${index}`));
});

test("what is written is masked", async () => {
  const { writer, read } = openTemporary({ secrets: ["hunter22"] });
  for (const part of ["my hun", "ter2", "2 is safe\nand aHVu", "dGVyMjI= too\n"])
    writer.write("main", "stdout", Buffer.from(part));
  writer.say("main", "also hunter22");
  writer.close();
  const texts = (await read()).map(({ text }) => text);
  expect(texts.join("\n")).not.toMatch(/hunter22|aHVudGVyMj/);
  expect(texts[0]).toBe("my *** is safe");
});
