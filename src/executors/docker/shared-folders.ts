import type { Mount } from "./container-body.ts";
import type { TarEntry } from "./client/tar.ts";

/** What every container of a run sees of it, wherever that is kept. */
export interface SharedFolders {
  /** Everything that is there now. */
  mounts: () => Promise<Mount[]>;
  /** Files that are put into each container, by their folder there. */
  files: () => ReadonlyMap<string, readonly TarEntry[]>;
  /** Makes the folders; each may be written by any user, as an emptyDir may. The engine has the image already. */
  make: (image: string) => Promise<void>;
  /** Forgets what init steps left, so that they can begin again. */
  clear: () => Promise<void>;
}

export function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
