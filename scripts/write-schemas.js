// Writes the JSON Schemas that the package ships, from the built command.
// usage: node scripts/write-schemas.js
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
mkdirSync(`${root}schemas`, { recursive: true });
for (const name of ["config", "polyaxonfile"]) {
  const schema = execFileSync(process.execPath, [`${root}bin/bowline.js`, "schema", name]);
  writeFileSync(`${root}schemas/${name}.schema.json`, schema);
}
