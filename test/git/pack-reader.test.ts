import { readdir, readFile } from "node:fs/promises";
import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyDelta } from "../../src/git/objects/delta.ts";
import { inflatePlainly, openInflater, type Inflater } from "../../src/git/objects/inflater.ts";
import { openPackReader, type PackedObject } from "../../src/git/objects/pack-reader.ts";
import { git, makeRepository, temporaryFolder } from "../support/index.ts";
import { blobOf, deltaOf, makePack, nameOf } from "../support/hostile-pack.ts";

interface Given {
  pack: Buffer;
  /** Names of its objects, as git has them. */
  names: string[];
}

/** What git packs of a history with files that are alike, so that many are differences of others, chains of them too. */
async function packOf(objectFormat: "sha1" | "sha256"): Promise<Given> {
  const path = `${await temporaryFolder()}/history.git`;
  const text = (n: number): string => Array.from({ length: 400 }, (_, line) => `${line * (line % n)}\n`).join("");
  const commits = Array.from({ length: 12 }, (_, n) => ({
    files: {
      "a/text": `${text(97)}${n}`,
      [`b/${n % 3}/f${n}`]: text(n + 50),
      empty: "",
      "large.bin": Buffer.alloc(3e5),
    },
  }));
  await makeRepository(path, { commits, objectFormat });
  const listing = (await git(path, ["cat-file", "--batch-all-objects", "--batch-check=%(objectname)"])).split("\n");
  await git(path, ["repack", "-adfq", "--depth=50", "--window=50"]);
  const folder = `${path}/objects/pack`;
  const file = (await readdir(folder)).find((one) => one.endsWith(".pack"));
  return { pack: await readFile(`${folder}/${file}`), names: listing.toSorted() };
}

/** Reads a pack that comes in pieces of this size. */
function readAll(pack: Buffer, size: number, oidBytes = 20): { objects: PackedObject[]; end: string } {
  const blobs = new Map<number, Buffer>();
  const reader = openPackReader({ oidBytes, blobAt: (offset) => blobs.get(offset) });
  const objects: PackedObject[] = [];
  const read = (): string => {
    for (;;) {
      const object = reader.next();
      if (typeof object === "string") return object;
      const kept = { ...object, content: Buffer.from(object.content) };
      if (kept.type === "blob") blobs.set(kept.offset, kept.content);
      objects.push(kept);
    }
  };
  for (let at = 0; at < pack.length; at += size) {
    reader.add([pack.subarray(at, at + size)]);
    read();
  }
  reader.end();
  return { objects, end: read() };
}

describe.each(["sha1", "sha256"] as const)("a pack of git's, %s", (format) => {
  const oidBytes = format === "sha256" ? 32 : 20;

  it.each([7, 1_000, 65_515, 1e9])(
    "in pieces of %i bytes: each object by the name that git has for it",
    async (size) => {
      const { pack, names } = await packOf(format);
      const { objects, end } = readAll(pack, size, oidBytes);
      expect(end).toBe("over");
      expect(objects.map(({ name }) => name).toSorted()).toEqual(names);
    },
  );
});

it("a pack that ends early gives what is whole, and one with wrong bytes gives each object its own name", async () => {
  const { pack, names } = await packOf("sha1");
  fc.assert(
    fc.property(fc.nat(pack.length - 1), fc.nat(255), fc.nat(pack.length), (at, byte, length) => {
      const cut = readAll(pack.subarray(0, length), 4_000).objects.map(({ name }) => name);
      expect(cut.filter((name) => !names.includes(name))).toEqual([]);
      const wrong = Buffer.from(pack);
      wrong[at] = byte;
      for (const { type, name, content } of readAll(wrong, 4_000).objects) {
        expect(nameOf({ type, content })).toBe(name);
      }
    }),
    { numRuns: 60 },
  );
});

it("a file that is made from one that nobody has is passed over", () => {
  const base = blobOf("0123456789");
  const delta = deltaOf({ base: 10, result: 4 }, [{ copy: [2, 4] }]);
  const { objects, end } = readAll(makePack([{ base: nameOf(base), delta }, blobOf("next")]), 50);
  expect(objects.map(({ content }) => content.toString())).toEqual(["next"]);
  expect(end).toBe("over");
});

it("any bytes are a pack or none, never an exception", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 50 }), (bytes, size) => {
      readAll(Buffer.concat([Buffer.from("PACK\0\0\0\x02\0\0\0\x09", "latin1"), bytes]), size);
    }),
  );
});

describe("a delta", () => {
  const base = Buffer.from("0123456789");

  it("copies and adds", () => {
    const delta = deltaOf({ base: 10, result: 7 }, [{ copy: [3, 4] }, { insert: Buffer.from("abc") }]);
    expect(applyDelta(base, delta, 100)?.toString()).toBe("3456abc");
  });

  it.each([
    ["of another base", deltaOf({ base: 11, result: 4 }, [{ copy: [0, 4] }])],
    ["that copies from beyond its base", deltaOf({ base: 10, result: 4 }, [{ copy: [8, 4] }])],
    ["that makes more than it says", deltaOf({ base: 10, result: 4 }, [{ copy: [0, 5] }])],
    ["that makes less than it says", deltaOf({ base: 10, result: 6 }, [{ copy: [0, 5] }])],
    ["that makes more than there may be", deltaOf({ base: 10, result: 2 ** 40 }, [{ copy: [0, 5] }])],
    ["that is cut off", deltaOf({ base: 10, result: 4 }, [{ insert: Buffer.from("abcd") }]).subarray(0, -1)],
    ["with an instruction that there is not", Buffer.concat([deltaOf({ base: 10, result: 0 }, []), Buffer.from([0])])],
  ])("%s makes nothing", (_, delta) => {
    expect(applyDelta(base, delta, 100)).toBeUndefined();
  });

  it("of any bytes makes no more than there may be, and never throws", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (one, other) => {
        const made = applyDelta(Buffer.from(one), Buffer.from(other), 1_000);
        expect(made?.length ?? 0).toBeLessThanOrEqual(1_000);
      }),
    );
  });
});

describe.each<[string, () => Inflater]>([
  ["with one engine", openInflater],
  ["as Node documents it", () => inflatePlainly],
])("streams are inflated %s", (_, open) => {
  it("one after the other, whatever follows", () => {
    const inflate = open();
    const output = Buffer.alloc(5_000);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4_000 }), fc.uint8Array({ minLength: 1 }), (content, after) => {
        const packed = deflateSync(content);
        const input = Buffer.concat([Buffer.from("before"), packed, after]);
        const stream = { input, start: 6, output, at: 10, size: content.length };
        expect(inflate({ ...stream, end: input.length })).toBe(packed.length);
        expect(output.subarray(10, 10 + content.length)).toEqual(Buffer.from(content));
        expect(inflate({ ...stream, end: 6 + packed.length - 1 })).toBe("incomplete");
        expect(inflate({ ...stream, end: input.length, size: content.length + 1 })).toBe("broken");
        if (content.length > 0) {
          expect(inflate({ ...stream, end: input.length, size: content.length - 1 })).not.toBe(packed.length);
        }
      }),
    );
  });

  it("what is no stream is broken, and the next one is inflated", () => {
    const inflate = open();
    const output = Buffer.alloc(100);
    const none = Buffer.from("no stream at all");
    expect(inflate({ input: none, start: 0, end: none.length, output, at: 0, size: 10 })).toBe("broken");
    const input = Buffer.concat([deflateSync("content"), Buffer.from("x")]);
    expect(inflate({ input, start: 0, end: input.length, output, at: 0, size: 7 })).toBe(input.length - 1);
  });
});

it("this Node has the engine that is used again", () => {
  expect(openInflater()).not.toBe(inflatePlainly);
});
