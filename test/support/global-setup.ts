import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { temporaryRoot } from "./temporary-folder.ts";

/** Runs once around the whole suite: nothing of it is left behind. Another process removes it, while this one sees its workers end. */
export async function teardown(): Promise<void> {
  await promisify(execFile)("rm", ["-rf", temporaryRoot]);
}
