import { BowlineError } from "../../lib/index.ts";

/**
 * The patterns of a sparse checkout in cone mode for these folders (git-sparse-checkout(1), "INTERNALS: CONE PATTERN SET"):
 * everything below each, and the files that lie directly in their parents and at the top. `.` stands for the latter alone.
 */
export function sparsePatterns(folders: readonly string[]): string {
  const wanted = outermost(foldersBelow(folders));
  const parents = new Set(wanted.flatMap(parentsOf));
  const lines = ["/*", "!/*/"];
  for (const parent of [...parents].sort()) lines.push(`/${escaped(parent)}/`, `!/${escaped(parent)}/*/`);
  for (const folder of wanted.sort()) lines.push(`/${escaped(folder)}/`);
  return `${lines.join("\n")}\n`;
}

/** What git must be told beside the patterns, in section `core` of the repository's own configuration. */
export const SPARSE_CONFIG: Readonly<Record<string, string>> = {
  sparseCheckout: "true",
  sparseCheckoutCone: "true",
};

/** Whether a path of the repository is checked out: a file at its folder's own level, or anything below a wanted one. */
export function inSparse(folders: readonly string[], path: string): boolean {
  if (folders.length === 0) return true;
  const wanted = foldersBelow(folders);
  const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
  return (
    folder === "" || wanted.some((one) => path.startsWith(`${one}/`) || one === folder || one.startsWith(`${folder}/`))
  );
}

function foldersBelow(folders: readonly string[]): string[] {
  return folders.filter((folder) => !TOP.test(folder)).map(checkedFolder);
}

/** The top folder, whose files are there in any case. */
const TOP = /^\.\/*$/;

function checkedFolder(text: string): string {
  const folder = text.replace(/^(\.?\/)+|\/+$/g, "").replace(/\/{2,}/g, "/");
  const unsafe =
    /[\p{Cc}\\]/u.test(folder) ||
    folder.startsWith("-") ||
    folder.split("/").some((part) => part === ".." || part === "." || part.toLowerCase() === ".git");
  if (folder !== "" && !unsafe) return folder;
  throw new BowlineError({
    code: "PATH_INVALID",
    message: `the sparse path ${JSON.stringify(text)} cannot be used`,
    hint: "write folders of the repository, like docs or src/model, without patterns",
  });
}

function outermost(folders: string[]): string[] {
  return [...new Set(folders)].filter((folder) => !folders.some((other) => folder.startsWith(`${other}/`)));
}

function parentsOf(folder: string): string[] {
  const parts = folder.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

/** Only these mean something in a pattern of cone mode. */
function escaped(folder: string): string {
  return folder.replaceAll(/[*?[\\]/g, String.raw`\$&`);
}
