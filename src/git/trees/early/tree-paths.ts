import { entriesOf } from "../../objects/tree-entries.ts";

/** A folder of the commit. */
export interface Folder {
  /** Below the root of the tree, `/` between names; empty for the root itself. */
  path: string;
  /** The object that it is. */
  tree: string;
  parent?: Folder;
}

/** Where a file or a symbolic link goes. */
export interface Place {
  folder: Folder;
  blob: string;
  path: string;
  mode: PlaceMode;
}

export type PlaceMode = (typeof MODES)[number];

/** What a tree makes known. */
export interface Known {
  /** Each after the one that it is in. */
  folders: Folder[];
  places: Place[];
}

export interface TreePaths {
  /** Gets the tree that the commit is of. */
  begin: (tree: string) => Known;
  /** Gets a tree's content, in whatever order they come. */
  add: (tree: string, content: Buffer) => Known;
  /** The places of the blob of this name that are known. */
  placesOf: (blob: string) => readonly Place[];
  /** Blobs of the `.gitattributes` that are known to be there. */
  attributes: ReadonlySet<string>;
  /** The number of places, where all of them are known and nothing was left out. */
  all: () => number | undefined;
}

const MODES = ["100644", "100755", "120000"] as const;
/** More entries cost memory that a small container does not have. */
const MOST = 100_000;
/** Of a path (PATH_MAX is 4096, the root of the target included). */
const LONGEST = 2_000;
/** Bytes of trees whose place is not known yet. */
const MOST_WAITING = 4 * 1024 * 1024;

/** Finds the places of a commit's files from its trees while these arrive. Leaves out what not every file system takes as it is: that is git's to judge. */
export function openTreePaths(oidBytes: number): TreePaths {
  const places = new Map<string, Place[]>();
  const attributes = new Set<string>();
  /** Folders whose content is not known, by tree. */
  const expected = new Map<string, Folder[]>();
  /** Contents of trees, wherever they will be. */
  const contents = new Map<string, Buffer>();
  const count = { entries: 0, places: 0, bytes: 0 };
  let whole = false;

  function expand(folder: Folder, content: Buffer, known: Known): void {
    known.folders.push(folder);
    // a tree of a hundred thousand entries may be in as many places: it is not even looked at again
    if (count.entries > MOST) {
      whole = false;
      return;
    }
    const prefix = folder.path === "" ? "" : `${folder.path}/`;
    const { entries, broken } = entriesOf(content, oidBytes);
    if (broken) {
      whole = false;
      count.entries = Number.POSITIVE_INFINITY;
    }
    for (const { mode, name, object } of entries) {
      if (name === ".gitattributes") attributes.add(object);
      count.entries += 1;
      const path = prefix + name;
      const usable = count.entries <= MOST && path.length <= LONGEST && PLAIN_NAME.test(name) && !GIT_NAME.test(name);
      const fileMode = MODES.find((one) => one === mode);
      if (usable && mode === "40000") expect({ path, tree: object, parent: folder }, known);
      else if (usable && fileMode !== undefined) {
        const place = { folder, blob: object, path, mode: fileMode };
        push(places, object, place);
        known.places.push(place);
        count.places += 1;
      } else whole = false;
    }
  }

  function expect(folder: Folder, known: Known): void {
    const content = contents.get(folder.tree);
    if (content === undefined) push(expected, folder.tree, folder);
    else expand(folder, content, known);
  }

  return {
    begin(tree) {
      const known: Known = { folders: [], places: [] };
      whole = true;
      expect({ path: "", tree }, known);
      return known;
    },
    add(tree, content) {
      const known: Known = { folders: [], places: [] };
      if (count.bytes + content.length <= MOST_WAITING) {
        // kept also when its place is known: another may follow
        contents.set(tree, content);
        count.bytes += content.length;
      }
      const folders = expected.get(tree) ?? [];
      expected.delete(tree);
      for (const folder of folders) expand(folder, content, known);
      return known;
    },
    placesOf: (blob) => places.get(blob) ?? [],
    attributes,
    all: () => (whole && expected.size === 0 ? count.places : undefined),
  };
}

/** Without what a file system or a shell may take for something else. */
const PLAIN_NAME = /^[ -.0-[\]-~]+$/;
/** Never written by us: `.git` in all its spellings (git's own check of paths, with core.protectNTFS), and the folder above. */
const GIT_NAME = /^(\.{1,2}|(\.git|git~\d+)([ .:].*)?)$/i;

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
