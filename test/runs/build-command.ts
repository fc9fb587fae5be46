import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { build } from "rolldown";
import { temporaryFolder } from "../support/index.ts";

const root = join(import.meta.dirname, "../..");

/** Bundles `command.ts` for processes of their own; gives the file to run with node. */
export async function buildCommand(): Promise<string> {
  const folder = await temporaryFolder();
  const file = join(folder, "command.mjs");
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  await build({
    input: join(root, "test/runs/command.ts"),
    platform: "node",
    external: [/^node:/, "@photostructure/sqlite"],
    logLevel: "silent",
    output: { file, format: "esm", codeSplitting: false },
  });
  return file;
}
