// Writes the pages of docs/reference: commands and errors as the built command prints them, files from their schemas.
// usage: node scripts/reference.js [--check]      with --check nothing is written; ends with 1 when a page is not up to date
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { report, rootOf } from "./lib/files.js";
import { schemaPage } from "./lib/schema-page.js";

const root = rootOf();
const pages = {
  commands: bowline("__reference", "commands"),
  errors: bowline("__reference", "errors"),
  config: schemaPage({
    schema: schemaOf("config"),
    title: "Config",
    introduction: `Every key of \`bowline.yaml\`, printed from its JSON Schema by \`npm run reference\`; what they are for is in [config](../config.md).
In the first column \`[]\` is an entry of a list and \`*\` any key of a map.`,
  }),
  polyaxonfile: schemaPage({
    schema: schemaOf("polyaxonfile"),
    title: "Polyaxonfile",
    introduction: `Every key of a polyaxonfile or preset, printed from its JSON Schema by \`npm run reference\`; see also [polyaxonfiles](../polyaxon-yaml.md).
In the first column \`[]\` is an entry of a list and \`*\` any key of a map. Where text stands beside another form, a template may be written.`,
  }),
};

const problems = [];
for (const [name, text] of Object.entries(pages)) {
  const path = `${root}docs/reference/${name}.md`;
  if (process.argv[2] !== "--check") {
    mkdirSync(`${root}docs/reference`, { recursive: true });
    writeFileSync(path, text);
  } else if (!existsSync(path) || readFileSync(path, "utf8") !== text) {
    problems.push(`docs/reference/${name}.md is not up to date; run: npm run build && npm run reference`);
  }
}
report(problems);

function bowline(...words) {
  return execFileSync(process.execPath, [`${root}bin/bowline.js`, ...words]).toString();
}

function schemaOf(name) {
  return JSON.parse(bowline("schema", name));
}
