import { closeSync, futimesSync, lutimesSync, mkdirSync, openSync, rmSync, symlinkSync } from "node:fs";
import { errnoOf } from "../../../lib/index.ts";
import type { PackedObject } from "../../objects/pack-reader.ts";
import { treeOfCommit } from "../../objects/tree-entries.ts";
import { writeAll } from "../write-all.ts";
import { changesFiles } from "../attributes.ts";
import { openContents } from "./contents.ts";
import { openTreePaths, type Folder, type Known, type Place } from "./tree-paths.ts";
import { writeIndex, type WrittenFile } from "./write-index.ts";

/** What a commit's working tree will be, as far as it is known. */
export interface Guess {
  /** Writes what becomes known by this object. False: it is of no use to go on. */
  take: (object: PackedObject) => boolean;
  /** The content of a blob that was written, by its place in the pack. */
  blobAt: (offset: number) => Buffer | undefined;
  /** Writes git's index of what was written; of nothing, where attributes may make other files of these. */
  finish: () => { written: boolean; counted: boolean };
}

/** Of one object, at once: nothing else in this process has its turn meanwhile. */
const MOST_PLACES = 1_000;
const MOST_BYTES = 8 * 1024 * 1024;

/** Into `tree`, of which nothing but `.git` is there. */
export function openGuess(tree: string, commit: string): Guess {
  const oidBytes = commit.length / 2;
  const paths = openTreePaths(oidBytes);
  const folders: Folder[] = [];
  const made = new Map<Folder, boolean>();
  const written: WrittenFile[] = [];
  const contents = openContents();
  // older than the index by more than a second, else git would read each file to know that it is as the index says (racy-git)
  const time = Math.floor(Date.now() / 1000) - 2;

  function take({ type, name, offset, content }: PackedObject): boolean {
    if (type === "tree") return show(paths.add(name, content));
    if (type === "commit") {
      const root = name === commit ? treeOfCommit(content) : undefined;
      return root === undefined || show(paths.begin(root));
    }
    if (paths.attributes.has(name) && changesFiles(content)) return false;
    contents.note(name, offset);
    const places = paths.placesOf(name);
    if (places.length === 0) contents.hold(name, content);
    return writePlaces(places, () => content);
  }

  /** A blob may come before a tree that it is in: as a file that others are made from, and where it is in several. */
  function show(known: Known): boolean {
    for (const folder of known.folders) folders.push(folder);
    return writePlaces(known.places, contents.of);
  }

  function writePlaces(places: readonly Place[], contentOf: (blob: string) => Buffer | undefined): boolean {
    let bytes = 0;
    let count = 0;
    for (const place of places) {
      const content = contentOf(place.blob);
      if (content === undefined) continue;
      count += 1;
      bytes += content.length;
      if (count > MOST_PLACES || (count > 1 && bytes > MOST_BYTES)) break;
      if (!onDisk(() => makeFolder(place.folder) && writePlace(place, content))) return false;
    }
    return true;
  }

  /** False where something else is there, for a file system takes two names for one: what is to go into it is left to git. */
  function makeFolder(folder: Folder): boolean {
    const before = made.get(folder);
    if (before !== undefined || folder.parent === undefined) return before ?? true;
    made.set(folder, false);
    if (!makeFolder(folder.parent)) return false;
    mkdirSync(`${tree}/${folder.path}`);
    made.set(folder, true);
    return true;
  }

  function writePlace(place: Place, content: Buffer): void {
    const { mode, blob } = place;
    const path = `${tree}/${place.path}`;
    if (mode === "120000") writeLink(path, content);
    else {
      writeFile(path, { content, executable: mode === "100755" });
      contents.inFile(blob, path);
    }
    written.push({ place, size: content.length });
  }

  function writeFile(path: string, { content, executable }: { content: Buffer; executable: boolean }): void {
    const file = openSync(path, "wx", executable ? 0o777 : 0o666);
    try {
      writeAll(file, content);
      futimesSync(file, time, time);
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    } finally {
      closeSync(file);
    }
  }

  function writeLink(path: string, target: Buffer): void {
    symlinkSync(target, path);
    lutimesSync(path, time, time);
  }

  return {
    take,
    blobAt: contents.at,
    finish() {
      const places = paths.all();
      const all = written.length === places;
      const index = { files: written, time, oidBytes, folders: all ? folders : undefined };
      const usable = written.length > 0 && [...paths.attributes].every((blob) => isHarmless(blob));
      const noted = usable && onDisk(() => writeIndex(`${tree}/.git/index`, index));
      return { written: noted && all, counted: places !== undefined };
    },
  };

  function isHarmless(blob: string): boolean {
    const content = contents.of(blob);
    return content !== undefined && !changesFiles(content);
  }
}

/** False where the disk takes no more: git will say what there is to say about it. */
function onDisk(write: () => unknown): boolean {
  try {
    write();
    return true;
  } catch (error) {
    return errnoOf(error) === "EEXIST";
  }
}
