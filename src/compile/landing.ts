import { posix } from "node:path";
import type { Place, ProblemInput } from "../lib/index.ts";
import type { CompileContext } from "./input.ts";
import type { InitStep } from "./plan.ts";

const CONTEXT = "/plx-context";
const ARTIFACTS = `${CONTEXT}/artifacts`;

/**
 * A folder that an init entry names, absolute, as the job sees it. Where the run has a folder of its own instead of
 * `/plx-context`, every path is below it. A relative path is below the artifacts.
 */
export function placedFolder(path: string | undefined, context: CompileContext): string | undefined {
  if (path === undefined) return context.artifactsPath;
  if (path.length > 1024 || /\p{Cc}/u.test(path) || path.split("/").includes("..")) return undefined;
  const normal = posix.normalize(path).replace(/(?<=.)\/+$/, "");
  if (!normal.startsWith("/")) return posix.join(context.artifactsPath, normal);
  if (context.contextPath === CONTEXT || isBelow(normal, context.contextPath) || isBelow(normal, context.artifactsPath))
    return normal;
  if (isBelow(normal, ARTIFACTS)) return posix.join(context.artifactsPath, normal.slice(ARTIFACTS.length));
  if (isBelow(normal, CONTEXT)) return posix.join(context.contextPath, normal.slice(CONTEXT.length));
  return posix.join(context.contextPath, normal);
}

/** The folder name of a repository without a connection: the url's last part, without `.git`. */
export function repositoryName(urlPath: string): string | undefined {
  let last = urlPath.split("/").findLast((part) => part !== "" && part !== "~") ?? "";
  try {
    last = decodeURIComponent(last);
  } catch {
    // stays as it is
  }
  const name = last.replace(/\.git$/i, "");
  const usable = name !== "" && name !== "." && name !== ".." && !/[/\\\p{Cc}]/u.test(name) && !name.startsWith("-");
  return usable && name.toLowerCase() !== ".git" ? name : undefined;
}

/** Two git steps that would land in one folder, or one inside the other. */
export function pathConflicts(steps: readonly InitStep[]): ProblemInput[] {
  const problems: ProblemInput[] = [];
  const landed: { path: string; place?: Place }[] = [];
  // By folder: the first step that landed there, and the first that landed there or below.
  const at = new Map<string, number>();
  const below = new Map<string, number>();
  for (const step of steps) {
    if (step.kind !== "git") continue;
    const folders = foldersOf(step.path);
    const others = [...folders.map((folder) => at.get(folder)), below.get(step.path)].filter(
      (index) => index !== undefined,
    );
    const other = others.length > 0 ? landed[Math.min(...others)] : undefined;
    const index = landed.push(step) - 1;
    if (!at.has(step.path)) at.set(step.path, index);
    for (const folder of folders) if (!below.has(folder)) below.set(folder, index);
    if (!other) continue;
    const where = other.place
      ? `line ${other.place.line}${other.place.file === step.place?.file ? "" : ` of ${other.place.file}`}`
      : "a param";
    const message =
      step.path === other.path
        ? `this init step would land in "${step.path}", as the one in ${where} does`
        : `this init step would land in "${step.path}", and the one in ${where} in "${other.path}": one is inside the other`;
    problems.push({
      code: "PATH_CONFLICT",
      message,
      hint: "give one of them a `path` of its own",
      ...(step.place && { place: step.place }),
    });
  }
  return problems;
}

/** A path and every folder above it. */
function foldersOf(path: string): string[] {
  const folders = [path];
  for (let folder = path; folder !== posix.dirname(folder);) folders.push((folder = posix.dirname(folder)));
  return folders;
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === "/" ? "/" : `${folder}/`);
}
