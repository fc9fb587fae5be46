import { lstat, readdir, readFile, readlink } from "node:fs/promises";

/** Every file and link below a folder, by its path in latin1 (names need not be text): kind, mode and content or target, `.git` left out. */
export async function filesBelow(folder: string): Promise<Map<string, string>> {
  const found: [string, string][] = [];
  async function list(below: Buffer): Promise<void> {
    for (const name of await readdir(pathOf(folder, below), { encoding: "buffer" })) {
      const relative = below.length === 0 ? name : Buffer.concat([below, Buffer.from("/"), name]);
      if (relative.equals(Buffer.from(".git"))) continue;
      const path = pathOf(folder, relative);
      const status = await lstat(path);
      const mode = (status.mode & 0o7777).toString(8);
      const key = relative.toString("latin1");
      if (status.isSymbolicLink()) found.push([key, `link ${(await readlink(path, "buffer")).toString("latin1")}`]);
      else if (status.isDirectory()) await list(relative);
      else found.push([key, `${mode} ${(await readFile(path)).toString("latin1")}`]);
    }
  }
  await list(Buffer.alloc(0));
  return new Map(found.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function pathOf(folder: string, below: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${folder}/`), below]);
}
