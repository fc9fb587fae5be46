import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { temporaryFolder } from "../support/index.ts";
import { readPackHeader } from "../../src/git/objects/pack-header.ts";
import {
  createPacketReader,
  packetText,
  readPackets,
  writePackets,
  type Packet,
} from "../../src/git/server/pkt-line.ts";

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

it("however a stream is cut, its packets are the same; any bytes are packets or none", () => {
  const words = fc.array(fc.oneof(fc.string(), fc.constant("flush" as const)), { maxLength: 8 });
  const bytes = fc.oneof(
    words.map((packets) => writePackets(packets)),
    fc.uint8Array().map((some) => Buffer.from(some)),
  );
  fc.assert(
    fc.property(bytes, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (stream, lengths) => {
      const reader = createPacketReader();
      const found: Packet[] = [];
      let broken = false;
      for (let at = 0, turn = 0; at < stream.length && !broken; turn += 1) {
        const end = at + lengths[turn % lengths.length]!;
        const packets = reader.read(stream.subarray(at, end));
        broken = packets === undefined;
        found.push(...(packets ?? []));
        at = end;
      }
      const whole = readPackets(stream);
      if (whole !== undefined)
        expect({ found, broken, left: reader.left() }).toEqual({ found: whole, broken: false, left: 0 });
      else expect(broken || reader.left() > 0).toBe(true);
    }),
  );
});

it("the head of a pack is read as git reads it", async () => {
  const folder = await temporaryFolder();
  spawnSync("git", ["init", "--quiet", "--bare", folder]);
  const heads: [signature: string, version: number][] = [0, 1, 2, 3, 4, 2 ** 31].map((version) => ["PACK", version]);
  heads.push(["PACX", 2], ["pack", 2]);
  for (const [signature, version] of heads) {
    const head = Buffer.alloc(12);
    head.write(signature, 0, "latin1");
    head.writeUInt32BE(version, 4);
    const input = Buffer.concat([head, createHash("sha1").update(head).digest()]);
    const { status } = spawnSync("git", ["index-pack", "--stdin"], { input, cwd: folder });
    expect({ version, taken: readPackHeader(head) !== undefined }).toEqual({ version, taken: status === 0 });
  }
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void readPackHeader(Buffer.from(bytes))));
});
