import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeError } from "../../lib/index.ts";

/** Does something with a new private folder (mode 0700), and removes the folder whatever happens. */
export async function withPrivateFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const parent = tmpdir();
  const folder = await mkdtemp(join(parent, "bowline-")).catch((cause: unknown) => {
    throw writeError(parent, cause);
  });
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
