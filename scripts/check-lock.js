// package-lock.json names every optional dependency of every package. npm leaves out those that it did not meet (another
// platform's, or one that a mirror lacks), and then `npm ci` refuses to install anywhere else.
// usage: node scripts/check-lock.js [--fix] [ROOT]
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { report, rootOf } from "./lib/files.js";

const fix = process.argv[2] === "--fix";
const path = resolve(rootOf(process.argv[fix ? 3 : 2]), "package-lock.json");
const lock = JSON.parse(readFileSync(path, "utf8"));
const problems = [];
for (const [place, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const found = find(place, name);
    const exact = /^\d/.test(version);
    if (found && (!exact || found.version === version)) continue;
    if (fix && exact) lock.packages[`${found ? `${place}/` : ""}node_modules/${name}`] = entryFor(name, version, entry);
    else
      problems.push(
        `package-lock.json: ${name}@${version} of ${place} is missing; run: node scripts/check-lock.js --fix`,
      );
  }
  if (entry.resolved)
    problems.push(`package-lock.json: ${place} names a registry; run npm with --omit-lockfile-registry-resolved`);
}
if (fix) writeFileSync(path, `${JSON.stringify({ ...lock, packages: sorted(lock.packages) }, null, 2)}\n`);
report(problems);

/** Looked for as node does: in the package's own node_modules, then in those above. */
function find(place, name) {
  for (let folder = place; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    const entry = lock.packages[`${folder === "" ? "" : `${folder}/`}node_modules/${name}`];
    if (entry || folder === "") return entry;
  }
}

/** What a registry would say of a package for one platform, as far as its name tells. */
function entryFor(name, version, parent) {
  const [, os, cpu] =
    /(android|darwin|freebsd|linux|openharmony|win32|wasm32)-(arm64|arm|x64|ia32|ppc64|riscv64|s390x|wasi)\b/.exec(
      name,
    ) ?? [];
  if (os === undefined) throw new Error(`${name}: its name does not tell its platform; add it to the lock by hand`);
  return {
    version,
    cpu: [os === "wasm32" ? os : cpu],
    ...(parent.dev ? { dev: true } : {}),
    ...(parent.license ? { license: parent.license } : {}),
    optional: true,
    ...(os === "wasm32" ? {} : { os: [os] }),
  };
}

function sorted(packages) {
  return Object.fromEntries(Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, "en")));
}
