import { BowlineError, didYouMean, parseGitUrl, type GitUrl } from "../../lib/index.ts";
import { begunWith } from "../failures.ts";

/** One submodule as the commit has it. */
export interface Submodule {
  /** Of the section in .gitmodules; git keeps the repository under this name. */
  name: string;
  path: string;
  /** As .gitmodules has it; perhaps relative. */
  url: string;
  commit: string;
}

export interface GitmodulesInput {
  /** Output of `git config --list -z` for the .gitmodules of the commit; undefined where git cannot read it. */
  config: string | undefined;
  /** The commit's gitlinks: path → commit. */
  links: ReadonlyMap<string, string>;
}

/**
 * Pairs the gitlinks of a commit with their sections in .gitmodules. Whatever a hostile repository could use to reach outside of its folder or to become an
 * option of git is refused with GIT_CONTENT_REFUSED; a gitlink without a section is GIT_SUBMODULE_INVALID, as it is for git. `update = none` leaves one out.
 */
export function readGitmodules({ config, links }: GitmodulesInput): Submodule[] {
  if (config === undefined) throw invalid([...links.keys()].join(", ").slice(0, 200), "git cannot read .gitmodules");
  const sections = sectionsOf(config);
  const byPath = new Map(
    [...sections].map(([name, values]) => [values.get("path")?.replace(/\/+$/, ""), { name, values }]),
  );
  const found: Submodule[] = [];
  for (const [path, commit] of links) {
    const section = byPath.get(path);
    const url = section?.values.get("url");
    if (section === undefined || url === undefined)
      throw invalid(path, `.gitmodules has no ${section === undefined ? "section" : "url"} for it`);
    if (section.values.get("update") === "none") continue;
    refuseName(section.name);
    refusePath(path);
    refuseUrl(path, url);
    found.push({ name: section.name, path, url, commit });
  }
  return found;
}

/**
 * The url of a submodule, relative ones resolved against the url of the repository that has it (gitsubmodules(7); `git submodule add`).
 * One that would leave the host is refused.
 */
export function submoduleUrl({ path, url }: Submodule, context: { base: GitUrl; schemes: readonly string[] }): GitUrl {
  const { base, schemes } = context;
  const text = /^\.\.?\//.test(url) ? relativeTo(base.remote, { path, url }) : url;
  try {
    return parseGitUrl(text, { schemes });
  } catch (error) {
    throw begunWith(`submodule "${printable(path)}": `, error);
  }
}

function sectionsOf(config: string): Map<string, Map<string, string>> {
  const sections = new Map<string, Map<string, string>>();
  for (const entry of config.split("\0").filter((text) => text !== "")) {
    const end = entry.indexOf("\n");
    const [key, value] = end === -1 ? [entry, ""] : [entry.slice(0, end), entry.slice(end + 1)];
    const [, name, variable] = /^submodule\.(.*)\.([^.]*)$/s.exec(key) ?? [];
    if (name === undefined || variable === undefined) continue;
    const values = sections.get(name) ?? new Map<string, string>();
    sections.set(name, values.set(variable, value));
  }
  return sections;
}

/** A name is a place below `.git/modules`: git's own check_submodule_name, and what no path should have. */
function refuseName(name: string): void {
  if (
    name === "" ||
    name.startsWith("-") ||
    /[\p{Cc}\\]/u.test(name) ||
    name.split("/").some((part) => part === "" || part === "." || part === ".." || Buffer.byteLength(part) > 255)
  ) {
    throw refusedSubmodule(name.slice(0, 100), "its name is not safe as the name of a folder");
  }
}

function refusePath(path: string): void {
  const parts = path.split("/");
  const unsafe =
    path.startsWith("-") ||
    /[\p{Cc}\\]/u.test(path) ||
    parts.some((part) => part === "" || part === "." || part === ".." || /^\.git[ .]*$/i.test(part));
  if (unsafe) throw refusedSubmodule(path, "its path is not safe");
}

function refuseUrl(path: string, url: string): void {
  if (url.startsWith("-") || /\p{Cc}/u.test(url))
    throw refusedSubmodule(path, 'its url begins with "-" or holds a control character');
}

/** Each `../` takes away one part of the path, never the host. */
function relativeTo(base: string, { path, url }: Pick<Submodule, "path" | "url">): string {
  const [, start = "", rest = ""] = /^([a-z]+:\/\/[^/]*\/|[^/:]*:)(.*)$/is.exec(base) ?? [];
  const parts = rest.replace(/\/+$/, "").split("/");
  let relative = url;
  for (;;) {
    if (relative.startsWith("./")) relative = relative.slice(2);
    else if (relative.startsWith("../")) {
      relative = relative.slice(3);
      if (parts.length === 0 || parts.join("/") === "")
        throw refusedSubmodule(path, `its url "${printable(url)}" leaves the host of "${base}"`);
      parts.pop();
    } else break;
  }
  return start + [...parts, ...relative.replace(/\/+$/, "").split("/")].join("/");
}

/** The error for a submodule that must not be written to this machine. */
export function refusedSubmodule(what: string, why: string): BowlineError {
  return new BowlineError({
    code: "GIT_CONTENT_REFUSED",
    message: `the submodule "${printable(what)}" is refused: ${why}`,
    hint: "leave submodules out (`submodules: false`), or correct .gitmodules in the repository",
  });
}

function invalid(path: string, why: string): BowlineError {
  return new BowlineError({
    code: "GIT_SUBMODULE_INVALID",
    message: `the submodule "${printable(path)}" cannot be fetched: ${why}`,
    hint: "correct .gitmodules in the repository, or name the submodules that are wanted: `--recurse-submodules=PATH`",
  });
}

/** The error for a path that was asked for and is no submodule. */
export function unknownSubmodule(path: string, known: readonly string[]): BowlineError {
  return new BowlineError({
    code: "GIT_SUBMODULE_INVALID",
    message: `the repository has no submodule at "${printable(path)}"`,
    hint: didYouMean(path, known) ?? "name paths as `git submodule status` shows them",
  });
}

function printable(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
