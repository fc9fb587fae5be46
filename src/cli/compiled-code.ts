import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { Script } from "node:vm";
import { LATE, standIn } from "./late-modules.ts";

export interface CompiledCodeOptions {
  /** A folder with what V8 made of each file when it ran before; files that are not in it are compiled as usual. */
  kept: string;
  /** Write what is missing there when the process ends. */
  write: boolean;
}

/**
 * Loads a CommonJS file and, by the same way, all that it requires by a relative path. V8 is handed the code that it made before, which takes
 * a third of the time of making it anew; it refuses code of another V8, and the length of another source. File names must hold a hash of
 * their content, for V8 does not look at that; a file without one is never kept.
 */
export function loadCompiled(entry: string, { kept, write }: CompiledCodeOptions): void {
  const modules = new Map<string, { exports: unknown }>();
  const missing = new Map<string, Script>();
  const fromOutside = createRequire(entry);

  function load(file: string): unknown {
    const known = modules.get(file);
    if (known !== undefined) return known.exports;
    const module = { exports: {} };
    modules.set(file, module);
    const folder = dirname(file);
    const requireHere = (name: string): unknown => (name.startsWith(".") ? load(join(folder, name)) : outside(name));
    run(file)(module.exports, requireHere, module, file, folder);
    return module.exports;
  }

  function run(file: string): ModuleFunction {
    const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(file, "utf8")}\n})`;
    const place = HASHED.test(file) ? placeOf(kept, file) : undefined;
    const cachedData = place === undefined ? undefined : readIfThere(place);
    const script = new Script(source, { filename: file, ...(cachedData && { cachedData }) });
    if (place !== undefined && cachedData === undefined) missing.set(place, script);
    return script.runInThisContext() as ModuleFunction;
  }

  function outside(name: string): unknown {
    const required = (): object => fromOutside(name) as object;
    return LATE.has(name) ? standIn(required) : required();
  }

  if (write) process.once("exit", () => keep(missing));
  load(entry);
}

type ModuleFunction = (
  exports: unknown,
  require: (name: string) => unknown,
  module: { exports: unknown },
  filename: string,
  dirname: string,
) => void;

const HASHED = /-[\w-]{8}\.cjs$/;

function placeOf(kept: string, file: string): string {
  // a first call of `join` takes 2 ms
  return `${kept}/${basename(file)}.code`;
}

function readIfThere(place: string): Buffer | undefined {
  try {
    return readFileSync(place);
  } catch {
    return undefined;
  }
}

/** With the functions that were called: V8 compiles the others when they are. Each appears whole, and none has to. */
function keep(missing: ReadonlyMap<string, Script>): void {
  try {
    for (const [place, script] of missing) {
      mkdirSync(dirname(place), { recursive: true, mode: 0o700 });
      const unfinished = `${place}.${process.pid}`;
      writeFileSync(unfinished, script.createCachedData(), { mode: 0o600 });
      renameSync(unfinished, place);
    }
  } catch {
    // A full or read-only disk costs the next start some time.
  }
}
