import { mkdtempSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "rolldown";

const root = join(import.meta.dirname, "../..");

/** Bundles `command.ts` for processes of their own; gives the file to run with node. */
export async function buildCommand(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "bowline-command-"));
  const file = join(folder, "command.mjs");
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  await build({
    input: join(root, "test/runs/command.ts"),
    platform: "node",
    external: [/^node:/, "@photostructure/sqlite"],
    logLevel: "silent",
    output: { file, format: "esm", inlineDynamicImports: true },
  });
  return file;
}
