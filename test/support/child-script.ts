import { execFile } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

/** How a child process is started. */
export interface ChildOptions {
  env?: Record<string, string>;
  cwd?: string;
  /** As a user with no rights of its own; needs root and setpriv, see `canDropRights`. */
  unprivileged?: boolean;
  /** A program, with its arguments, that starts it. */
  under?: readonly string[];
}

export interface ChildScript {
  /** The bundled file. */
  file: string;
  /** Runs it; the result is what it wrote to standard output, read as JSON. */
  run: (args: string[], options?: ChildOptions) => Promise<unknown>;
  remove: () => void;
}

/** Whether a test may run something as an unprivileged user. */
export const canDropRights = process.getuid?.() === 0 && process.platform === "linux";

const UNPRIVILEGED = ["--reuid", "65534", "--regid", "65534", "--clear-groups"];

/**
 * Bundles a script that imports from `src/` for another process to run, which may be another user. In it, `print(value)`
 * writes the result and `args` are its arguments.
 */
export async function childScript(body: string): Promise<ChildScript> {
  const folder = mkdtempSync(join(tmpdir(), "bowline-child-"));
  chmodSync(folder, 0o755);
  const entry = join(folder, "script.mjs");
  const source = fileURLToPath(new URL("../../src/", import.meta.url));
  const head = `const args = process.argv.slice(2); const print = (value) => process.stdout.write(JSON.stringify(value));\n`;
  writeFileSync(entry, head + body.replaceAll("#src/", source));
  const sqlite = createRequire(import.meta.url).resolve("@photostructure/sqlite");
  const bundle = await rolldown({
    input: entry,
    platform: "node",
    external: [/^node:/, sqlite],
    resolve: {
      alias: { "@photostructure/sqlite": sqlite },
      modules: [fileURLToPath(new URL("../../node_modules", import.meta.url))],
    },
  });
  await bundle.write({ dir: join(folder, "dist"), format: "esm", entryFileNames: "script.mjs" });
  await bundle.close();
  const file = join(folder, "dist", "script.mjs");
  return {
    file,
    run: (args, options = {}) => start(file, args, options),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function start(script: string, args: string[], options: ChildOptions): Promise<unknown> {
  const node = [...(options.under ?? []), process.execPath, script, ...args];
  const [command, ...rest] = options.unprivileged ? ["setpriv", ...UNPRIVILEGED, ...node] : node;
  const settings = { env: { PATH: process.env["PATH"], ...options.env }, ...(options.cwd && { cwd: options.cwd }) };
  return new Promise((resolve, reject) => {
    execFile(command!, rest, settings, (error, stdout, stderr) => {
      if (error) reject(new Error(`${error.message}\n${stderr}`));
      else resolve(stdout === "" ? undefined : JSON.parse(stdout));
    });
  });
}
