import { mkdirSync, realpathSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Everything that a run of tests writes is below this folder: its first process names it for the others, and removes it at the end. */
export const temporaryRoot = (process.env["BOWLINE_TEST_FOLDER"] ??= join(
  realpathSync(tmpdir()),
  `bowline-test-${process.pid}`,
));

/** A new empty folder (mode 0700) outside of every repository. */
export async function temporaryFolder(): Promise<string> {
  mkdirSync(temporaryRoot, { recursive: true, mode: 0o755 });
  return mkdtemp(join(temporaryRoot, "t-"));
}
