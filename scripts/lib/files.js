// What the checks share: finding files and reporting.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder to check: the argument, else this repository. */
export function rootOf(argument) {
  return argument ? resolve(argument) : fileURLToPath(new URL("../..", import.meta.url));
}

/** Every file below a folder whose name ends so, relative to it, sorted; none when the folder is absent. */
export function filesBelow(folder, ending) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => relative(folder, resolve(entry.parentPath, entry.name)))
    .sort();
}

/** What git keeps of a checkout, and what it would keep: untracked files that are not ignored. */
export function filesOfGit(root) {
  const output = execFileSync("git", ["-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    maxBuffer: 2 ** 26,
  });
  return output
    .toString()
    .split("\0")
    .filter((file) => file !== "" && existsSync(resolve(root, file)));
}

/** Ends the process: 0 without problems, else 1 after printing them. */
export function report(problems) {
  for (const problem of problems) console.error(problem);
  process.exit(problems.length === 0 ? 0 : 1);
}
