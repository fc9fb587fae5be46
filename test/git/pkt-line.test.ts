import fc from "fast-check";
import { expect, it } from "vitest";
import { packetText, readPackets, writePackets } from "../../src/git/server/pkt-line.ts";

it("what is written is read again", () => {
  const line = fc.string({ unit: "grapheme" }).filter((text) => !text.endsWith("\n"));
  const packet = fc.oneof(line, fc.constant("flush" as const), fc.constant("delimiter" as const));
  fc.assert(
    fc.property(fc.array(packet), (packets) => {
      const read = readPackets(writePackets(packets));
      expect(read?.map((one) => (typeof one === "string" ? one : packetText(one)))).toEqual(packets);
    }),
  );
});

it("any bytes are packets or none, never an exception; a cut answer gives what is whole", () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.nat(), (bytes, at) => {
      readPackets(Buffer.from(bytes));
      const whole = writePackets(["want x", "delimiter", "have y", "flush"]);
      const cut = whole.subarray(0, at % whole.length);
      expect(readPackets(cut, { cut: true })).toEqual(
        readPackets(whole)!.slice(0, readPackets(cut, { cut: true })!.length),
      );
    }),
  );
});
