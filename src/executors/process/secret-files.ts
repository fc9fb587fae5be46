import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ResourceReference } from "../../connections/index.ts";
import { BowlineError, type Place } from "../../lib/index.ts";

/** The keys of a secret or config map that a connection shows: all, or its `items`. Throws SECRET_NOT_FOUND for an item that is not there. */
export function chosenItems(
  data: ReadonlyMap<string, Buffer>,
  reference: ResourceReference & { place?: Place | undefined },
): [key: string, value: Buffer][] {
  if (reference.items === undefined) return [...data];
  return reference.items.map((key) => {
    const value = data.get(key);
    if (value !== undefined) return [key, value];
    throw new BowlineError({
      code: "SECRET_NOT_FOUND",
      message: `"${reference.name}" has no key "${key}"`,
      hint: `its keys are ${[...data.keys()].map((name) => `"${name}"`).join(", ")}`,
      ...(reference.place === undefined ? {} : { place: reference.place }),
    });
  });
}

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
