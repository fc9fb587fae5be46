// Looks at every text of the repository, and at the messages of its commits, for what does not belong there:
// paths of the machine it was written on, notes to oneself, secrets that look real.
// usage: node scripts/check-text.js [ROOT]
import { execFileSync } from "node:child_process";
import { readFileSync, realpathSync } from "node:fs";
import { resolve, sep } from "node:path";
import { filesOfGit, report, rootOf } from "./lib/files.js";

const root = rootOf(process.argv[2]);

const RULES = [
  ...foldersAbove(realpathSync(root)).map((folder) => ({
    name: "a path of this machine",
    pattern: new RegExp(`(^|[^\\w.])${escape(folder)}(/|\\b)`),
  })),
  { name: "a path of somebody's machine", pattern: /\/(home|Users)\/(?!(runner|user|ada|you|USER|NAME)\b)\w+\// },
  { name: "a note to oneself", pattern: /\b(TO[D]O|FIX[M]E|X[X]X|HA[C]K)\b/ },
  { name: "an unresolved conflict", pattern: /^(<{7} |>{7} |={7}$)/ },
  {
    name: "a token that looks real",
    pattern: /\b(ghp_[A-Za-z0-9]{36}|github_pat_\w{60,}|glpat-[\w-]{20}\b|AKIA[A-Z0-9]{16})/,
  },
];

const SKIPPED = /(^|\/)(package-lock\.json|LICENSE)$|\.(png|ico|pack|idx|bundle)$/;

const problems = [];
for (const file of filesOfGit(root).filter((name) => !SKIPPED.test(name))) {
  look(file, readFileSync(resolve(root, file), "utf8"));
}
for (const commit of commits()) look(`commit ${commit.slice(0, 12)}`, commit.slice(41));
report(problems);

function look(name, text) {
  text.split("\n").forEach((line, index) => {
    for (const rule of RULES) {
      if (rule.pattern.test(line)) problems.push(`${name}:${index + 1}: ${rule.name}: ${line.trim().slice(0, 120)}`);
    }
  });
}

function commits() {
  const output = execFileSync("git", ["-C", root, "log", "-z", "--format=%H %B"], { maxBuffer: 2 ** 26 });
  return output
    .toString()
    .split("\0")
    .filter((commit) => commit !== "");
}

/** This checkout and the folders above it, but not the topmost, whose name (`/home`, `/tmp`, `/src`) says nothing. */
function foldersAbove(path) {
  const parts = path.split(sep).filter((part) => part !== "");
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join("/")}`).slice(1);
}

function escape(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
