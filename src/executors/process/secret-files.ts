import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Writes keys as files that only their owner may use; `defaultMode` may take rights from the owner, but gives none to others. */
export async function writeSecretFiles(
  folder: string,
  items: readonly (readonly [key: string, value: Buffer])[],
  defaultMode = 0o600,
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const [key, value] of items) {
    await writeFile(join(folder, key), value, { mode: defaultMode & 0o700, flag: "wx" });
  }
}
