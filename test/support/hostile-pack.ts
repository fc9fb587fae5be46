import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";
import type { Fault } from "./faults.ts";
import type { RecordedRequest } from "./recorded-request.ts";

/** One object, every byte of it the test's. */
export interface PackObject {
  type: "commit" | "tree" | "blob" | "tag";
  content: Buffer;
}

/** An object that is written as its difference from another one (gitformat-pack, "Deltified representation"). */
export interface PackDelta {
  /** Name of the object that it begins from. */
  base: string;
  delta: Buffer;
}

export interface PackLies {
  /** How many objects the head claims. */
  count?: number;
  /** What follows the pack. */
  trailing?: Buffer;
}

const TYPES = { commit: 1, tree: 2, blob: 3, tag: 4, delta: 7 } as const;
const WHO = "A <a@b.c> 1700000000 +0000";

/** A pack of these objects in this order, as no git would make it; only its own sum is right. */
export function makePack(objects: readonly (PackObject | PackDelta)[], lies: PackLies = {}): Buffer {
  const head = Buffer.from("PACK\0\0\0\u0002\0\0\0\0", "latin1");
  head.writeUInt32BE(lies.count ?? objects.length, 8);
  const pack = Buffer.concat([head, ...objects.map(packed)]);
  return Buffer.concat([pack, createHash("sha1").update(pack).digest(), lies.trailing ?? Buffer.alloc(0)]);
}

function packed(object: PackObject | PackDelta): Buffer {
  if ("delta" in object) {
    return Buffer.concat([
      headOf(TYPES.delta, object.delta.length),
      Buffer.from(object.base, "hex"),
      deflateSync(object.delta),
    ]);
  }
  return Buffer.concat([headOf(TYPES[object.type], object.content.length), deflateSync(object.content)]);
}

function headOf(type: number, size: number): Buffer {
  const bytes = [(type << 4) | (size & 15)];
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
    bytes[bytes.length - 1]! |= 0x80;
    bytes.push(rest & 0x7f);
  }
  return Buffer.from(bytes);
}

/** The name that git gives to an object. */
export function nameOf({ type, content }: PackObject): string {
  return createHash("sha1").update(`${type} ${content.length}\0`).update(content).digest("hex");
}

export const blobOf = (content: string | Buffer): PackObject => ({ type: "blob", content: Buffer.from(content) });

/** Entries in the order in which they are given. */
export function treeOf(entries: readonly { mode: string; name: string | Buffer; object: string }[]): PackObject {
  const parts = entries.flatMap(({ mode, name, object }) => [
    Buffer.from(`${mode} `),
    Buffer.from(name),
    Buffer.from([0]),
    Buffer.from(object, "hex"),
  ]);
  return { type: "tree", content: Buffer.concat(parts) };
}

export function commitOf(tree: string, { parents = [] }: { parents?: readonly string[] } = {}): PackObject {
  const lines = [`tree ${tree}`, ...parents.map((parent) => `parent ${parent}`), `author ${WHO}`, `committer ${WHO}`];
  return { type: "commit", content: Buffer.from(`${lines.join("\n")}\n\nforged\n`) };
}

/** Sizes of base and result, then instructions: `copy` takes a part of the base, `insert` adds bytes. */
export function deltaOf(
  sizes: { base: number; result: number },
  instructions: readonly ({ copy: [offset: number, size: number] } | { insert: Buffer })[],
): Buffer {
  return Buffer.concat([
    varint(sizes.base),
    varint(sizes.result),
    ...instructions.map((one) => {
      if ("insert" in one) return Buffer.concat([Buffer.from([one.insert.length]), one.insert]);
      const [offset, size] = one.copy;
      const numbers = Buffer.alloc(8);
      numbers.writeUInt32LE(offset, 0);
      numbers.writeUIntLE(size, 4, 3);
      return Buffer.concat([Buffer.from([0xff]), numbers.subarray(0, 7)]);
    }),
  ]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push(rest > 127 ? (rest % 128) | 0x80 : rest);
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.from(bytes);
}

/** A packet of git's wire format. */
export function packet(data: string | Buffer): Buffer {
  const bytes = Buffer.from(data);
  return Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, "0")), bytes]);
}

export const FLUSH = Buffer.from("0000");

const HEADERS = { "content-type": "application/x-git-upload-pack-result" };
export const isLsRefs = ({ body }: RecordedRequest): boolean => body.includes("command=ls-refs");
export const isFetch = ({ body }: RecordedRequest): boolean => body.includes("command=fetch");

/** The server answers `ls-refs` with these lines: `object name`. */
export function refsFault(...lines: (string | Buffer)[]): Fault {
  const body = Buffer.concat([
    ...lines.map((line) => packet(Buffer.concat([Buffer.from(line), Buffer.from("\n")]))),
    FLUSH,
  ]);
  return { match: isLsRefs, status: 200, headers: HEADERS, body };
}

/** The server answers `fetch` with this pack; the commits are where it says that history ends. */
export function packFault(pack: Buffer, shallow: readonly string[] = []): Fault {
  const lines = shallow.map((commit) => packet(`shallow ${commit}\n`));
  const info = shallow.length === 0 ? [] : [packet("shallow-info\n"), ...lines, Buffer.from("0001")];
  const bands: Buffer[] = [];
  for (let at = 0; at < pack.length; at += 65_000)
    bands.push(packet(Buffer.concat([Buffer.from([1]), pack.subarray(at, at + 65_000)])));
  const body = Buffer.concat([...info, packet("packfile\n"), ...bands, FLUSH]);
  return { match: isFetch, status: 200, headers: HEADERS, body };
}

/** The faults of a server that has one branch, main, and gives a pack for it. */
export function forgedBranch(commit: string, pack: Buffer): Fault[] {
  return [refsFault(`${commit} refs/heads/main`), packFault(pack, [commit])];
}
