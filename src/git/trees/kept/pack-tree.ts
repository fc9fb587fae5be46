import { isUtf8 } from "node:buffer";
import { createHash, hash, type Hash } from "node:crypto";
import {
  closeSync,
  fstatSync,
  futimesSync,
  lstatSync,
  lutimesSync,
  openSync,
  readSync,
  readdirSync,
  readlinkSync,
} from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { indexPath, readIndex, setChecksum, setTimes, type GitIndex, type IndexEntry } from "../git-index.ts";
import { breathe } from "./breathe.ts";
import { LARGEST_SMALL, SEGMENT, SEGMENT_FILES, type LargeFile, type Manifest, type Segment } from "./manifest.ts";
import { reuse, type Base, type Reused } from "./reuse.ts";
import { writeAll } from "../write-all.ts";

export interface PackOptions {
  /** A complete checkout that nothing else writes to. */
  tree: string;
  /** An empty folder that gets the layer and the large files. */
  folder: string;
  /** Decides the object format. */
  commit: string;
  /** Paths below `tree` that belong to one target only. */
  leaveOut: (path: string) => boolean;
  /** The kept tree that the checkout began as: what did not change is taken from there. */
  base?: Base | undefined;
  signal: AbortSignal;
}

export interface Packed {
  manifest: Manifest;
  /** Bytes of everything that was read. */
  size: number;
  index: GitIndex;
  /** Files whose content is not, byte by byte, the object that the index names: git has converted them, or they are wrong. */
  unlike: IndexEntry[];
}

const AT_ONCE = 200;

/**
 * Reads a fresh checkout once: into one large file, and against the names of the objects that it was made from. Its files get a time some seconds
 * ago, in the checkout as well as in its index, so that `git status` trusts them there and in every copy (racy-git). Undefined where
 * the tree cannot be kept: a name or a link's target that is not UTF-8, an index of a kind that is not known here.
 */
export async function packTree(options: PackOptions): Promise<Packed | undefined> {
  const { tree, folder, commit, base, leaveOut, signal } = options;
  const oidBytes = commit.length / 2;
  const path = join(tree, ".git/index");
  const bytes = await readFile(path);
  const index = readIndex(bytes, oidBytes);
  const found = index && listTree(tree, leaveOut);
  if (index === undefined || found === undefined) return undefined;
  const reused = base === undefined ? undefined : reuse(base, { index, folder });
  const fresh = index.entries.filter((entry) => reused?.paths.has(entry.path) !== true);
  const time = Math.floor(Date.now() / 1000) - 10;
  setTimes(bytes, fresh, time);
  setChecksum(bytes, oidBytes);
  await writeFile(path, bytes);
  const pack = new Packing(options, { time, index, reused });
  pack.manifest.folders = found.folders;
  let count = 0;
  for (const file of found.files) {
    if (pack.addFile(file) && ++count % AT_ONCE === 0) await breathe(signal);
  }
  for (const link of found.links) pack.addLink(link);
  return pack.finish();
}

interface Listing {
  folders: string[];
  files: string[];
  links: { path: string; target: Buffer }[];
}

/** Undefined for a name that is not UTF-8, which this runtime gives with U+FFFD in it, and for such a target of a link. */
function listTree(tree: string, leaveOut: (path: string) => boolean): Listing | undefined {
  const listing: Listing = { folders: [], files: [], links: [] };
  function list(folder: string): boolean {
    for (const entry of readdirSync(join(tree, folder), { withFileTypes: true })) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.name.includes("\ufffd")) return false;
      if (leaveOut(path)) continue;
      if (entry.isDirectory()) {
        listing.folders.push(path);
        if (!list(path)) return false;
      } else if (entry.isSymbolicLink()) {
        const target = readlinkSync(join(tree, path), "buffer");
        if (!isUtf8(target)) return false;
        listing.links.push({ path, target });
      } else listing.files.push(path);
    }
    return true;
  }
  return list("") ? listing : undefined;
}

/** A layer being written. */
class Packing {
  readonly manifest: Manifest;
  readonly #options: PackOptions;
  readonly #index: GitIndex;
  /** What the index names, by path; what was met is taken out. */
  readonly #expected: Map<string, IndexEntry>;
  readonly #time: number;
  readonly #reused: Reused | undefined;
  readonly #layer: string;
  readonly #file: number;
  readonly #buffer = Buffer.allocUnsafe(SEGMENT);
  readonly #unlike: IndexEntry[] = [];
  #segment: Segment;
  #at = 0;
  #size = 0;

  constructor(options: PackOptions, known: { time: number; index: GitIndex; reused: Reused | undefined }) {
    const { time, index, reused } = known;
    this.#options = options;
    this.#index = index;
    this.#time = time;
    this.#reused = reused;
    const { segments = [], large = [] } = reused ?? {};
    this.manifest = { time: reused?.time ?? time, folders: [], links: [], segments, large };
    const there = index.entries.filter(({ skipped, mode }) => !skipped && mode !== 0o160000);
    this.#expected = new Map(there.map((entry) => [entry.path, entry]));
    this.#layer = `layer-${(reused?.layers ?? 0) + 1}`;
    this.#file = openSync(join(options.folder, this.#layer), "wx", 0o600);
    this.#segment = this.#newSegment();
  }

  /** Whether it had to be read. */
  addFile(path: string): boolean {
    const known = this.#reused && indexPath(path);
    if (known !== undefined && this.#reused?.paths.has(known) === true) {
      this.#size += this.#expected.get(known)?.size ?? 0;
      this.#expected.delete(known);
      return false;
    }
    const from = openSync(join(this.#options.tree, path), "r");
    try {
      const entry = this.#take(path);
      const { size, mode, mtimeMs } = fstatSync(from);
      // a file that another index knows (a submodule's) keeps the time that it has there
      const own = entry === undefined ? Math.floor(mtimeMs / 1000) : this.#time;
      if (entry !== undefined) futimesSync(from, own, own);
      this.#size += size;
      const facts = { path, size, mode: modeOf(mode), ...(own !== this.manifest.time && { time: own }) };
      if (size > LARGEST_SMALL) this.#addLarge(from, facts, entry);
      else this.#addSmall(from, facts, entry);
      return true;
    } finally {
      closeSync(from);
    }
  }

  addLink({ path, target: bytes }: Listing["links"][number]): void {
    const whole = join(this.#options.tree, path);
    const target = bytes.toString();
    const entry = this.#take(path);
    const fresh = entry !== undefined && this.#reused?.paths.has(entry.path) !== true;
    const own = fresh ? this.#time : Math.floor(lstatSync(whole).mtimeMs / 1000);
    if (fresh) lutimesSync(whole, own, own);
    this.#compare(entry, bytes);
    this.manifest.links.push(own === this.manifest.time ? [path, target] : [path, target, own]);
  }

  finish(): Packed {
    this.#flush();
    closeSync(this.#file);
    const unlike = [...this.#unlike, ...this.#expected.values()];
    return { manifest: this.manifest, size: this.#size, index: this.#index, unlike };
  }

  #addSmall(from: number, { path, size, mode, time }: Omit<LargeFile, "name" | "crc">, entry?: IndexEntry): void {
    if (this.#segment.size + size > SEGMENT || this.#segment.files.length === SEGMENT_FILES) this.#flush();
    const { size: offset } = this.#segment;
    readAll(from, this.#buffer.subarray(offset, offset + size), path);
    this.#compare(entry, this.#buffer.subarray(offset, offset + size));
    this.#segment.files.push(time === undefined ? [path, offset, size, mode] : [path, offset, size, mode, time]);
    this.#segment.size += size;
  }

  #addLarge(from: number, facts: Omit<LargeFile, "name" | "crc">, entry?: IndexEntry): void {
    this.#flush();
    const name = `large-${this.manifest.large.length + 1}`;
    const to = openSync(join(this.#options.folder, name), "wx", 0o600);
    const digest = entry && this.#blobHash(facts.size);
    let crc = 0;
    try {
      for (let left = facts.size; left > 0;) {
        const chunk = this.#buffer.subarray(0, Math.min(left, SEGMENT));
        readAll(from, chunk, facts.path);
        crc = crc32(chunk, crc);
        digest?.update(chunk);
        writeAll(to, chunk);
        left -= chunk.length;
      }
    } finally {
      closeSync(to);
    }
    if (entry !== undefined && digest?.digest("hex") !== entry.object) this.#unlike.push(entry);
    this.manifest.large.push({ ...facts, name, crc });
  }

  #take(path: string): IndexEntry | undefined {
    const name = indexPath(path);
    const entry = this.#expected.get(name);
    if (entry !== undefined) this.#expected.delete(name);
    return entry;
  }

  #compare(entry: IndexEntry | undefined, content: Buffer): void {
    if (entry === undefined) return;
    const blob = Buffer.concat([Buffer.from(`blob ${content.length}\0`), content]);
    if (hash(this.#algorithm(), blob, "hex") !== entry.object) this.#unlike.push(entry);
  }

  #blobHash(size: number): Hash {
    return createHash(this.#algorithm()).update(`blob ${size}\0`);
  }

  #algorithm(): "sha1" | "sha256" {
    return this.#options.commit.length === 64 ? "sha256" : "sha1";
  }

  #flush(): void {
    const segment = this.#segment;
    if (segment.files.length === 0) return;
    const content = this.#buffer.subarray(0, segment.size);
    segment.crc = crc32(content);
    writeAll(this.#file, content);
    this.manifest.segments.push(segment);
    this.#at += segment.size;
    this.#segment = this.#newSegment();
  }

  #newSegment(): Segment {
    return { layer: this.#layer, at: this.#at, size: 0, crc: 0, files: [] };
  }
}

/** As git would make it, before the umask: executable, only to be read (packs), or plain. */
function modeOf(mode: number): number {
  if ((mode & 0o100) !== 0) return 0o777;
  return (mode & 0o200) === 0 ? 0o444 : 0o666;
}

function readAll(file: number, into: Buffer, path: string): void {
  for (let done = 0; done < into.length;) {
    const read = readSync(file, into, done, into.length - done, null);
    if (read === 0) throw new Error(`"${path}" became shorter while it was read`);
    done += read;
  }
}
