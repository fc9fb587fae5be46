import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makePrivateFolder } from "../../lib/index.ts";

/** Writes keys as files that only their owner may use; `defaultMode` may take rights from the owner, but gives none to others. */
export async function writeSecretFiles(
  folder: string,
  items: readonly (readonly [key: string, value: Buffer])[],
  defaultMode = 0o600,
): Promise<void> {
  await makePrivateFolder(folder);
  for (const [key, value] of items) {
    await writeFile(join(folder, key), value, { mode: defaultMode & 0o700, flag: "wx" });
  }
}
