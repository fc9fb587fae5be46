// Everything that the docs point to exists: files and headings behind relative links, npm scripts, bowline commands.
// What the sources have to explain is explained: every code of an error or a warning.
// usage: node scripts/check-docs.js [ROOT]
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { commandProblems, commandsOf } from "./lib/documented-commands.js";
import { filesBelow, filesOfGit, report, rootOf } from "./lib/files.js";

const root = rootOf(process.argv[2]);
const { scripts } = JSON.parse(readFileSync(resolve(root, "package.json"), "utf8"));
const commands = commandsOf(resolve(root, "docs/reference/commands.md"));
const problems = [];
for (const file of filesOfGit(root).filter((name) => name.endsWith(".md"))) {
  const text = readFileSync(resolve(root, file), "utf8");
  checkLinks(file, text);
  checkScripts(file, text);
  for (const problem of commandProblems(text, commands)) problems.push(`${file}: ${problem}`);
}
checkCodes();
checkIndex();
report(problems);

/** Every code that the sources give to an error or a warning is explained, and nothing else is. */
function checkCodes() {
  const sources = filesBelow(resolve(root, "src"), ".ts").map((file) =>
    readFileSync(resolve(root, "src", file), "utf8"),
  );
  const given = new Set(
    sources.flatMap((text) => [...text.matchAll(/\bcode: "([A-Z][A-Z0-9_]+)"/g)].map(([, code]) => code)),
  );
  const errors = codesOf("docs/reference/errors.md");
  const warnings = codesOf("docs/warnings.md");
  for (const code of given) {
    if (!errors.includes(code) && !warnings.includes(code))
      problems.push(`docs/warnings.md: the code ${code} is missing`);
  }
  for (const code of warnings.filter((one) => !given.has(one)))
    problems.push(`docs/warnings.md: nothing gives the code ${code}`);
}

/** Every page of docs/ is in its index. */
function checkIndex() {
  const index = resolve(root, "docs/README.md");
  if (!existsSync(index)) return;
  const text = readFileSync(index, "utf8");
  for (const page of readdirSync(dirname(index)).filter((name) => name.endsWith(".md") && name !== "README.md")) {
    if (!text.includes(`](${page})`)) problems.push(`docs/README.md: the page ${page} is not in the index`);
  }
}

function codesOf(page) {
  if (!existsSync(resolve(root, page))) return [];
  return [...readFileSync(resolve(root, page), "utf8").matchAll(/^\| `([A-Z][A-Z0-9_]+)` \|/gm)].map(
    ([, code]) => code,
  );
}

function checkLinks(file, text) {
  for (const [, target] of withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target)) continue;
    const [path, anchor] = target.split("#");
    const place = path === "" ? resolve(root, file) : resolve(root, dirname(file), path);
    if (!existsSync(place)) problems.push(`${file}: the link "${target}" leads nowhere`);
    else if (anchor && !headingsOf(place).includes(anchor))
      problems.push(`${file}: "${target}" names no heading there`);
  }
}

function checkScripts(file, text) {
  for (const [, name] of text.matchAll(/\bnpm run ([\w:-]+)/g)) {
    if (!(name in scripts)) problems.push(`${file}: there is no script "${name}" in package.json`);
  }
}

/** Anchors as forges make them from headings. */
function headingsOf(path) {
  const headings = readFileSync(path, "utf8").matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replaceAll(" ", "-"),
  );
}

function withoutCode(text) {
  return text.replace(/^```[\s\S]*?^```/gm, "").replace(/`[^`\n]*`/g, "");
}
