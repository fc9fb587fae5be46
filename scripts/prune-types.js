// Leaves of the emitted declarations what the library's index reaches: a folder's door also names things (schemas, parsers) whose types come
// from packages that are bundled, and that nobody who installs Bowline has.
// usage: node scripts/prune-types.js
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** An import or export from another file: its word, its names, where they come from. */
const STATEMENT = /^((?:import|export)(?: type)?) (\{[^}]*\}|\* as \w+) from "([^"]+)";$/gm;

const types = fileURLToPath(new URL("../dist/types/", import.meta.url));
const index = resolve(types, "index.d.ts");

/** Names that are used, by file; "*" is everything. */
const needed = new Map();
need(index, "*");
for (const file of filesIn(types)) {
  if (!needed.has(file)) rmSync(file);
  else if (isDoor(file)) writeFileSync(file, doorWith(file, needed.get(file)));
}
for (const file of needed.keys()) {
  const foreign = [...withoutComments(file).matchAll(/from "([^."][^"]*)"/g)].map(([, name]) => name);
  if (foreign.length === 0) continue;
  console.error(`${file.slice(types.length)}: the library's types must not need ${foreign.join(", ")}`);
  process.exitCode = 1;
}

function need(file, name) {
  const names = needed.get(file) ?? needed.set(file, new Set()).get(file);
  if (names.has(name) || names.has("*")) return;
  const first = names.size === 0;
  names.add(name);
  // A file that declares something needs all that it imports, whichever of its names is used.
  if (!isDoor(file) && !first) return;
  for (const { from, pairs } of statementsOf(file)) {
    const wanted = isDoor(file) && name !== "*" ? pairs.filter(([, outside]) => outside === name) : pairs;
    for (const [inside] of wanted) need(resolve(dirname(file), from), inside);
  }
}

/** A door holds nothing but names that come from elsewhere. */
function isDoor(file) {
  return (
    withoutComments(file)
      .replace(STATEMENT, "")
      .replace(/^export \{\};$/m, "")
      .trim() === ""
  );
}

function withoutComments(file) {
  return readFileSync(file, "utf8").replace(/\/\*[^]*?\*\//g, "");
}

function doorWith(file, names) {
  if (names.has("*")) return readFileSync(file, "utf8");
  const lines = statementsOf(file).flatMap(({ word, source, pairs }) => {
    const kept = pairs.filter(([, outside]) => names.has(outside)).map(([, , text]) => text);
    return kept.length > 0 ? [`${word} { ${kept.join(", ")} } from "${source}";\n`] : [];
  });
  return lines.join("");
}

function statementsOf(file) {
  return [...readFileSync(file, "utf8").matchAll(STATEMENT)].flatMap(([, word, list, source]) => {
    if (!source.startsWith(".")) return [];
    const from = source.replace(/\.(js|ts)$/, ".d.ts");
    const texts = list.startsWith("{")
      ? list
          .slice(1, -1)
          .split(",")
          .map((text) => text.trim())
          .filter(Boolean)
      : [list];
    const pairs = texts.map((text) => {
      const [inside, outside = inside] = text.replace(/^type /, "").split(" as ");
      return inside === "*" ? ["*", outside, text] : [inside, outside, text];
    });
    return [{ word, source, from, pairs }];
  });
}

function filesIn(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => resolve(entry.parentPath, entry.name));
}
