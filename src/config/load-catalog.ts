import { readFile } from "node:fs/promises";
import type { Catalog } from "../connections/index.ts";
import { BowlineError, errnoOf } from "../lib/index.ts";

/**
 * The connections and credentials of a config, given by its path or as a text: for programs that bring their own.
 * It counts as the caller's own, so nothing in it needs trust. Throws every problem at once, each with its place.
 *
 * @example
 * const catalog = await loadCatalog("bowline.yaml");
 */
export async function loadCatalog(source: string | { text: string; file?: string }): Promise<Catalog> {
  const file = typeof source === "string" ? source : (source.file ?? "catalog");
  const text = typeof source === "string" ? await readText(source) : source.text;
  const { readConfig } = await import("./read-config.ts");
  return readConfig(text, { path: file, trusted: true }).catalog;
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const message = `the catalog "${path}" cannot be read (${errnoOf(cause) ?? "unknown"})`;
    throw new BowlineError({ code: "FILE_NOT_READ", message, hint: "check the path" }, { cause });
  }
}
