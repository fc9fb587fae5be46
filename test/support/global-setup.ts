import { rmSync } from "node:fs";
import { temporaryRoot } from "./temporary-folder.ts";

/** Runs once around the whole suite: nothing of it is left behind. */
export function teardown(): void {
  rmSync(temporaryRoot, { recursive: true, force: true, maxRetries: 3 });
}
