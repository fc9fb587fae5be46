import { scopeOfMatch } from "../connections/index.ts";
import { didYouMean, type Problem, type ProblemInput } from "../lib/index.ts";
import type { YamlSource } from "../spec/index.ts";
import { CONFIG_KEYS } from "./config-schema.ts";

/** Checks between entries: names and prefixes that are there twice. Works on data that may be wrong in other ways. */
export function checkNames(source: YamlSource, warnings: Problem[]): ProblemInput[] {
  return [...checkConnectionNames(source, warnings), ...checkPrefixes(source)];
}

/** One warning for all keys that are not a config's own: a Polyaxon Helm values file has many. */
export function foreignKeys(source: YamlSource, warnings: Problem[]): void {
  const keys = Object.keys(source.value as object).filter((key) => !(CONFIG_KEYS as readonly string[]).includes(key));
  if (keys.length === 0) return;
  const slip = keys.map((key) => ({ key, hint: didYouMean(key, CONFIG_KEYS) })).find(({ hint }) => hint !== undefined);
  const names = keys.map((key) => `"${key.slice(0, 60)}"`);
  const place = source.place([slip?.key ?? keys[0]!], "key");
  warnings.push({
    code: "CONFIG_FOREIGN_KEYS",
    message: `${names.length === 1 ? "a key" : "keys"} that Bowline does not use: ${names.join(", ")}`,
    hint: slip ? `"${slip.key}": ${slip.hint}` : `its own are ${CONFIG_KEYS.join(", ")}; the rest may stay`,
    ...(place && { place }),
  });
}

function checkConnectionNames(source: YamlSource, warnings: Problem[]): ProblemInput[] {
  const problems: ProblemInput[] = [];
  const byFolded = new Map<string, { name: string; line: number }>();
  const byName = new Map<string, number>();
  for (const [index, entry] of entriesOf(source, "connections").entries()) {
    const { name } = (entry ?? {}) as { name?: unknown };
    if (typeof name !== "string") continue;
    const place = source.place(["connections", index, "name"]);
    const placed = place ? { place } : {};
    const earlier = byName.get(name);
    const similar = byFolded.get(name.toLowerCase());
    if (earlier !== undefined) {
      const hint = `the other one is in line ${earlier}; rename one of them`;
      problems.push({ code: "CONFIG_INVALID", message: `two connections have the name "${name}"`, hint, ...placed });
    } else if (similar !== undefined) {
      const message = `the connections "${similar.name}" (line ${similar.line}) and "${name}" differ only in upper and lower case`;
      const hint = "their folders are one on a file system that ignores case; rename one of them";
      warnings.push({ code: "CONFIG_SIMILAR_NAMES", message, hint, ...placed });
    }
    byName.set(name, earlier ?? place?.line ?? 0);
    byFolded.set(name.toLowerCase(), similar ?? { name, line: place?.line ?? 0 });
  }
  return problems;
}

function checkPrefixes(source: YamlSource): ProblemInput[] {
  const problems: ProblemInput[] = [];
  const byScope = new Map<string, number>();
  for (const [index, entry] of entriesOf(source, "credentials").entries()) {
    const { match } = (entry ?? {}) as { match?: unknown };
    const scope = typeof match === "string" ? scopeIn(match) : undefined;
    if (scope === undefined) continue;
    const place = source.place(["credentials", index, "match"]);
    const earlier = byScope.get(scope);
    if (earlier !== undefined) {
      const hint = `the other one is in line ${earlier}; keep one of them`;
      const message = `two entries of "credentials" match ${scope}`;
      problems.push({ code: "CONFIG_INVALID", message, hint, ...(place && { place }) });
    }
    byScope.set(scope, earlier ?? place?.line ?? 0);
  }
  return problems;
}

function scopeIn(match: string): string | undefined {
  try {
    return scopeOfMatch(match);
  } catch {
    // The schema has said what is wrong with it.
    return undefined;
  }
}

function entriesOf(source: YamlSource, key: "connections" | "credentials"): unknown[] {
  const entries = (source.value as Record<string, unknown>)[key];
  return Array.isArray(entries) ? entries : [];
}
