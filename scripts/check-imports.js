// Holds the shape of src: imports point one way and never in a circle, lazy ones included; a folder is entered by its door only, spec and compile are pure.
// usage: node scripts/check-imports.js [ROOT]
import { readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { filesBelow, report, rootOf } from "./lib/files.js";

/** A folder may import any folder to its right. */
const ORDER = ["cli", "runs", "executors", "secrets", "git", "config", "compile", "connections", "spec", "lib"];

/** What takes no effect from outside: these may know of no file, network, clock or environment. */
const PURE = ["compile", "spec"];
const PURE_MODULES = ["node:buffer", "node:crypto", "node:path", "node:path/posix", "node:util"];
const EFFECTS =
  /\b(process\.|Date\.now\(|new Date\(\)|performance\.|Math\.random\(|fetch\(|setTimeout\(|random(UUID|Bytes|Int)\()/;

const src = resolve(rootOf(process.argv[2]), "src");
const problems = [];
/** By file, the files of src that it imports. */
const imports = new Map();
for (const file of filesBelow(src, ".ts")) {
  const text = readFileSync(resolve(src, file), "utf8");
  const from = folderOf(file);
  if (file.includes("/") && !ORDER.includes(from)) {
    problems.push(`src/${file}: the folder "${from}" has no place in the order of imports`);
    continue;
  }
  const specifiers = specifiersIn(text);
  for (const specifier of specifiers) checkImport(file, specifier);
  imports.set(
    file,
    specifiers.filter((each) => each.startsWith(".")).map((each) => relative(src, resolve(src, dirname(file), each))),
  );
  if (/^import\s+(?!type\b|\*)[^;]*from "zod"/m.test(text)) {
    problems.push(`src/${file}: write import * as z from "zod"; anything else bundles every locale`);
  }
  if (PURE.includes(from)) checkPure(file, text);
}
for (const circle of circlesIn(imports)) problems.push(`src/${circle[0]}: imports itself by ${circle.join(" → ")}`);
report(problems);

function checkImport(file, specifier) {
  if (!specifier.startsWith(".")) return;
  const from = folderOf(file);
  const target = relative(src, resolve(src, dirname(file), specifier));
  if (target.startsWith("..")) {
    if (!/^\.\.\/(package\.json|schemas\/)/.test(target))
      problems.push(`src/${file}: "${specifier}" is outside of src`);
    return;
  }
  const to = folderOf(target);
  if (from === to) {
    if (target === `${to}/index.ts`) problems.push(`src/${file}: imports its own door; import the file itself`);
    return;
  }
  if (target !== `${to}/index.ts`) problems.push(`src/${file}: "${specifier}" goes past the door ${to}/index.ts`);
  if (file.includes("/") && ORDER.indexOf(to) <= ORDER.indexOf(from)) {
    problems.push(`src/${file}: ${from} may not import ${to}; imports point one way: ${ORDER.join(" → ")}`);
  }
}

/** One circle for each import that closes one, found by going down from every file once. */
function circlesIn(graph) {
  const circles = [];
  const done = new Set();
  const visit = (file, path) => {
    const at = path.indexOf(file);
    if (at >= 0) circles.push([...path.slice(at), file]);
    if (at >= 0 || done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return circles;
}

function checkPure(file, text) {
  for (const specifier of specifiersIn(text)) {
    if (specifier.startsWith("node:") && !PURE_MODULES.includes(specifier)) {
      problems.push(`src/${file}: ${folderOf(file)} is pure and may not import "${specifier}"`);
    }
  }
  text.split("\n").forEach((line, index) => {
    const effect = /^\s*(\*|\/\/|\/\*)/.test(line) ? null : EFFECTS.exec(line);
    if (effect) problems.push(`src/${file}:${index + 1}: ${folderOf(file)} is pure and may not use ${effect[1]}`);
  });
}

function folderOf(file) {
  return file.split("/")[0];
}

function specifiersIn(text) {
  const statements = /^\s*(?:import|export)\b[^;"'`]*?["']([^"'\n]+)["']/gm;
  const lazy = /\bimport\(\s*["']([^"'\n]+)["']/g;
  return [...text.matchAll(statements), ...text.matchAll(lazy)].map((match) => match[1]);
}
