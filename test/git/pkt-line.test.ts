import fc from "fast-check";
import { expect, it } from "vitest";
import {
  createPacketReader,
  packetText,
  readPackets,
  writePackets,
  type Packet,
} from "../../src/git/server/pkt-line.ts";

const line = fc.string({ unit: "grapheme" }).filter((text) => !text.endsWith("\n"));
const packet = fc.oneof(line, fc.constant("flush" as const), fc.constant("delimiter" as const));
/** Bytes that are packets, nearly packets, or anything. */
const nearly = fc.oneof(
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  fc.tuple(fc.array(packet), fc.uint8Array()).map(([packets, more]) => Buffer.concat([writePackets(packets), more])),
);

function textOf(read: Packet): string {
  return typeof read === "string" ? read : packetText(read);
}

it("what is written is read again", () => {
  fc.assert(
    fc.property(fc.array(packet), (packets) => {
      expect(readPackets(writePackets(packets))?.map(textOf)).toEqual(packets);
    }),
  );
});

it("any bytes are packets or none, never an exception; a cut answer gives what is whole", () => {
  fc.assert(
    fc.property(nearly, fc.nat(), (bytes, at) => {
      readPackets(bytes);
      const whole = writePackets(["want x", "delimiter", "have y", "flush"]);
      const cut = whole.subarray(0, at % whole.length);
      expect(readPackets(cut, { cut: true })).toEqual(
        readPackets(whole)!.slice(0, readPackets(cut, { cut: true })!.length),
      );
    }),
  );
});

it("in whatever pieces bytes come, the packets are the same", () => {
  fc.assert(
    fc.property(nearly, fc.array(fc.nat(40)), (bytes, sizes) => {
      const [whole, pieces] = [createPacketReader(), createPacketReader()];
      const read: Packet[] = [];
      let at = 0;
      for (const size of [...sizes, bytes.length]) {
        read.push(...pieces.read(bytes.subarray(at, at + size)));
        at = Math.min(bytes.length, at + size);
      }
      expect(read).toEqual(whole.read(bytes));
      expect([pieces.broken(), pieces.left()]).toEqual([whole.broken(), whole.left()]);
    }),
  );
});

it("an answer of nothing but small packets does not take many times its size", () => {
  const reader = createPacketReader();
  expect(reader.read(Buffer.alloc(8_000_000, "0004")).length).toBeLessThan(1_600_000);
  expect(reader.broken()).toBe(true);
});

it.each(["0003", "fff1", "fffg", "-001", " 004", "0x10", "+010"])("a length that is none: %s", (digits) => {
  expect(readPackets(Buffer.from(`${digits}${"x".repeat(70_000)}`))).toBeUndefined();
});
