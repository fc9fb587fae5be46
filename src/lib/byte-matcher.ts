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

interface Trie {
  /** Node and byte, as node * 256 + byte, to the next node. */
  edges: Map<number, number>;
  /** The node of the longest proper suffix that is in the trie. */
  suffix: number[];
  /** Length of the text of a node. */
  depth: number[];
  /** Length of the longest pattern that ends at a node; 0 for none. */
  match: number[];
}

function buildTrie(patterns: Iterable<Uint8Array>): Trie {
  const trie: Trie = { edges: new Map(), suffix: [0], depth: [0], match: [0] };
  const children: [byte: number, node: number][][] = [[]];
  for (const pattern of patterns) {
    let node = 0;
    for (const byte of pattern) {
      const key = node * 256 + byte;
      let next = trie.edges.get(key);
      if (next === undefined) {
        next = trie.depth.length;
        trie.edges.set(key, next);
        trie.depth.push(at(trie.depth, node) + 1);
        trie.match.push(0);
        trie.suffix.push(0);
        children.push([]);
        children[node]?.push([byte, next]);
      }
      node = next;
    }
    trie.match[node] = pattern.length;
  }
  linkSuffixes(trie, children);
  return trie;
}

/** Breadth first, so that the suffix of a node is linked before the node. */
function linkSuffixes(trie: Trie, children: readonly (readonly [number, number][])[]): void {
  const queue = [0];
  for (const node of queue) {
    for (const [byte, child] of children[node] ?? []) {
      trie.suffix[child] = node === 0 ? 0 : step(trie, at(trie.suffix, node), byte);
      trie.match[child] = Math.max(at(trie.match, child), at(trie.match, at(trie.suffix, child)));
      queue.push(child);
    }
  }
}

function step(trie: Trie, from: number, byte: number): number {
  for (let node = from; ; node = at(trie.suffix, node)) {
    const next = trie.edges.get(node * 256 + byte);
    if (next !== undefined) return next;
    if (node === 0) return 0;
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
