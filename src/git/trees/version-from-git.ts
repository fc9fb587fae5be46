import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { Problem } from "../../lib/index.ts";

/** Files in which a build says that it asks git for its version, and the words by which it does. */
const FILES = [
  "pyproject.toml",
  "setup.py",
  "setup.cfg",
  "Makefile",
  "CMakeLists.txt",
  "build.gradle",
  "build.gradle.kts",
  "build.rs",
  "pom.xml",
];
const WORDS =
  /setuptools[_-]scm|hatch-vcs|versioneer|poetry-dynamic-versioning|versioningit|git[", ]+describe|jgitver|gitversion|vergen/i;
const MAX_BYTES = 128 * 1024;

/** A warning when the tree's build asks git for its version, which commits that are not there cannot answer. */
export async function warnOfVersionFromGit(tree: string): Promise<Problem | undefined> {
  const texts = await Promise.all(FILES.map((name) => beginning(join(tree, name))));
  for (const [index, name] of FILES.entries()) {
    const word = WORDS.exec(texts[index]!)?.[0];
    if (word === undefined) continue;
    return {
      code: "GIT_HISTORY_SHALLOW",
      message: `"${name}" asks git for the version ("${word}"), and only the newest commits are here`,
      hint: "set history: commits on the init step: all commits and tags, without old file contents",
    };
  }
  return undefined;
}

async function beginning(path: string): Promise<string> {
  // no symbolic link of the repository is followed
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    () => undefined,
  );
  if (file === undefined) return "";
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0);
    return buffer.toString("utf8", 0, bytesRead);
  } catch {
    return "";
  } finally {
    await file.close();
  }
}
