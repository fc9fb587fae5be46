/** Finds many byte strings in one pass (Aho and Corasick, 1975). */
export interface ByteMatcher {
  /** Begins at the root. */
  scan: (bytes: Uint8Array) => Scan;
}

export interface Scan {
  /** Half-open ranges that some pattern covers, by rising end; they may overlap. */
  found: [start: number, end: number][];
  /** From here on the bytes may be the beginning of a pattern that is not complete yet. */
  undecided: number;
}

/** How a byte is read before it is compared: itself, another one, or not at all (undefined). */
export type ReadByte = (byte: number) => number | undefined;

/** A matcher of these patterns (none empty), which are given as they look after `read`. */
export function createByteMatcher(patterns: Iterable<Uint8Array>, read?: ReadByte): ByteMatcher {
  const trie = buildTrie(patterns);
  const table = read === undefined ? undefined : Array.from({ length: 256 }, (_, byte) => read(byte));
  return { scan: (bytes) => scan(bytes, { trie, table }) };
}

/** Numbers of nodes in flat arrays, as a secret may be a megabyte long; 0 is the root, and as a child: none. */
interface Trie {
  /** The byte that leads to a node. */
  byte: Uint8Array;
  /** A child of a node; its others are the siblings of this one. */
  child: Int32Array;
  sibling: Int32Array;
  /** The root's children by their byte: most of what is read leads to none. */
  first: Int32Array;
  /** The node of the longest proper suffix that is in the trie. */
  suffix: Int32Array;
  /** Length of the text of a node. */
  depth: Int32Array;
  /** Length of the longest pattern that ends at a node; 0 for none. */
  match: Int32Array;
}

function buildTrie(patterns: Iterable<Uint8Array>): Trie {
  const all = [...patterns];
  const most = all.reduce((sum, { length }) => sum + length, 1);
  const trie: Trie = {
    byte: new Uint8Array(most),
    child: new Int32Array(most),
    sibling: new Int32Array(most),
    first: new Int32Array(256),
    suffix: new Int32Array(most),
    depth: new Int32Array(most),
    match: new Int32Array(most),
  };
  let count = 1;
  for (const pattern of all) {
    let node = 0;
    for (const byte of pattern) {
      let next = childOf(trie, node, byte);
      if (next === 0) {
        next = count++;
        trie.byte[next] = byte;
        trie.sibling[next] = at(trie.child, node);
        trie.child[node] = next;
        if (node === 0) trie.first[byte] = next;
        trie.depth[next] = at(trie.depth, node) + 1;
      }
      node = next;
    }
    trie.match[node] = pattern.length;
  }
  linkSuffixes(trie, count);
  return trie;
}

/** 0 where there is none. */
function childOf(trie: Trie, node: number, byte: number): number {
  if (node === 0) return at(trie.first, byte);
  let child = at(trie.child, node);
  while (child !== 0 && at(trie.byte, child) !== byte) child = at(trie.sibling, child);
  return child;
}

/** Breadth first, so that the suffix of a node is linked before the node. */
function linkSuffixes(trie: Trie, count: number): void {
  const queue = new Int32Array(count);
  let length = 1;
  for (let done = 0; done < length; done++) {
    const node = at(queue, done);
    for (let child = at(trie.child, node); child !== 0; child = at(trie.sibling, child)) {
      trie.suffix[child] = node === 0 ? 0 : step(trie, at(trie.suffix, node), at(trie.byte, child));
      trie.match[child] = Math.max(at(trie.match, child), at(trie.match, at(trie.suffix, child)));
      queue[length++] = child;
    }
  }
}

function step(trie: Trie, from: number, byte: number): number {
  for (let node = from; ; node = at(trie.suffix, node)) {
    const next = childOf(trie, node, byte);
    if (next !== 0 || node === 0) return next;
  }
}

interface Matching {
  trie: Trie;
  table: readonly (number | undefined)[] | undefined;
}

function scan(bytes: Uint8Array, { trie, table }: Matching): Scan {
  const found: [number, number][] = [];
  let node = 0;
  for (let index = 0; index < bytes.length; index++) {
    const byte = table === undefined ? at(bytes, index) : table[at(bytes, index)];
    if (byte === undefined) continue;
    node = step(trie, node, byte);
    const length = at(trie.match, node);
    if (length > 0) found.push([startOf(bytes, { end: index + 1, length, table }), index + 1]);
  }
  const depth = at(trie.depth, node);
  return { found, undecided: startOf(bytes, { end: bytes.length, length: depth, table }) };
}

/** Where a text of this length that ends there begins; bytes that are not read lie between its own. */
function startOf(bytes: Uint8Array, text: { end: number; length: number; table: Matching["table"] }): number {
  if (text.table === undefined || text.length === 0) return text.end - text.length;
  let index = text.end;
  for (let left = text.length; left > 0;) {
    index--;
    if (text.table[at(bytes, index)] !== undefined) left--;
  }
  return index;
}

function at(list: ArrayLike<number>, index: number): number {
  return list[index] as number;
}
