import { createHash } from "node:crypto";
import { inflateSync } from "node:zlib";
import { objectHead, PACK_HEADER_LENGTH } from "./pack-header.ts";

const COMMIT = 1;
const LARGEST = 64 * 1024;

/**
 * The content of this commit, when it is a pack's first object and whole in these first bytes of it, as it is when a server sends one commit:
 * then no git has to be started to read it. Its name is computed anew.
 */
export function firstCommit(pack: Buffer, commit: string): Buffer | undefined {
  const head = objectHead(pack, PACK_HEADER_LENGTH);
  if (head === undefined || head.type !== COMMIT || head.size > LARGEST) return undefined;
  const content = inflated(pack.subarray(head.end), head.size);
  if (content?.length !== head.size) return undefined;
  const hash = createHash(commit.length === 64 ? "sha256" : "sha1")
    .update(`commit ${head.size}\0`)
    .update(content);
  return hash.digest("hex") === commit ? content : undefined;
}

function inflated(bytes: Buffer, size: number): Buffer | undefined {
  try {
    return inflateSync(bytes, { maxOutputLength: Math.max(size, 1) });
  } catch {
    return undefined;
  }
}
