import { mkdirSync, realpathSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Everything the tests of one process write is below this folder; the global set-up removes it. */
export const temporaryRoot = join(realpathSync(tmpdir()), `bowline-test-${process.pid}`);

/** A new empty folder (mode 0700) outside of every repository. */
export async function temporaryFolder(): Promise<string> {
  mkdirSync(temporaryRoot, { recursive: true, mode: 0o755 });
  return mkdtemp(join(temporaryRoot, "t-"));
}
