import { didYouMean, type Place, type ProblemInput } from "../lib/index.ts";
import type { GitOptions } from "./git-options.ts";

/** A flag as it was written, with its place where there is one. */
export interface GitFlag {
  text: string;
  place?: Place;
}

export interface ParsedGitFlags {
  options: Partial<GitOptions>;
  /** From `--branch`. */
  revision?: string;
  problems: ProblemInput[];
}

/** What a flag takes: nothing, a value, or a value only after `=`. */
const FLAGS = {
  "--depth": "value",
  "--branch": "value",
  "--jobs": "value",
  "--filter": "value",
  "--recurse-submodules": "optional",
  "--recursive": "none",
  "--shallow-submodules": "none",
  "--single-branch": "none",
  "--no-single-branch": "none",
  "--no-tags": "none",
  "--tags": "none",
  "--sparse": "none",
  "--experimental-fetch": "none",
} as const;

type FlagName = keyof typeof FLAGS;

/** The flags that are understood, for policies, completion and docs. */
export const GIT_FLAGS: readonly string[] = Object.keys(FLAGS);

const SHORT: Record<string, FlagName> = { "-b": "--branch", "-j": "--jobs" };

/**
 * Reads git's flags into typed options, from an allow-list (`allowed` narrows it further: `policy.flags`).
 * A value stands after `=`, after a space, or in the next entry: `--depth=1`, `--depth 1`, `[--depth, 1]`.
 */
export function parseGitFlags(flags: readonly (string | GitFlag)[], allowed?: readonly string[]): ParsedGitFlags {
  const result: ParsedGitFlags = { options: {}, problems: [] };
  const words = flags.flatMap((flag) => {
    const { text, place } = typeof flag === "string" ? { text: flag } : flag;
    return text
      .trim()
      .split(/\s+/)
      .filter(Boolean)
      .map((word) => ({ text: word, ...(place && { place }) }));
  });
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!;
    const refuse = (message: string, hint: string): void => {
      result.problems.push({ code: "GIT_FLAG_INVALID", message, hint, ...(word.place && { place: word.place }) });
    };
    const equals = word.text.indexOf("=");
    const written = equals === -1 ? word.text : word.text.slice(0, equals);
    const name = SHORT[written] ?? written;
    if (!isFlag(name)) {
      if (written === "-c" || written === "--config") index += equals === -1 ? 1 : 0;
      refuse(
        `the git flag "${shorten(written)}" is not one of those that are understood`,
        unknownHint(written, words[index]?.text),
      );
      continue;
    }
    if (allowed && !allowed.includes(name)) {
      result.problems.push({
        code: "POLICY_REFUSED",
        message: `the policy does not allow the git flag "${name}"`,
        hint: allowed.length > 0 ? `it allows ${allowed.join(", ")}` : "it allows none: leave `flags` out",
        ...(word.place && { place: word.place }),
      });
    }
    let value = equals === -1 ? undefined : word.text.slice(equals + 1);
    if (FLAGS[name] === "value" && value === undefined) {
      const next = words[index + 1];
      if (next !== undefined && !next.text.startsWith("-")) {
        value = next.text;
        index++;
      }
    }
    if (FLAGS[name] === "none" && value !== undefined) refuse(`"${name}" takes no value`, `write \`${name}\``);
    else if (FLAGS[name] === "value" && (value === undefined || value === ""))
      refuse(`"${name}" needs a value`, `write \`${name}=${EXAMPLES[name]}\``);
    else apply(name, value, result, refuse);
  }
  return result;
}

const EXAMPLES: Partial<Record<FlagName, string>> = {
  "--depth": "1",
  "--branch": "main",
  "--jobs": "4",
  "--filter": "blob:none",
};

function apply(
  name: FlagName,
  value: string | undefined,
  result: ParsedGitFlags,
  refuse: (message: string, hint: string) => void,
): void {
  const { options } = result;
  switch (name) {
    case "--depth":
    case "--jobs": {
      const most = name === "--jobs" ? 64 : 2_147_483_647;
      if (!/^[1-9]\d{0,9}$/.test(value!) || Number(value) > most) {
        return refuse(
          `"${name}" takes a number from 1 to ${most}, not "${shorten(value!)}"`,
          `write \`${name}=${EXAMPLES[name]}\``,
        );
      }
      if (name === "--depth") options.history = Number(value);
      else options.jobs = Number(value);
      return;
    }
    case "--branch":
      result.revision = value!;
      return;
    case "--filter":
      if (value !== "blob:none")
        return refuse(`"--filter=${shorten(value!)}" is not understood`, "write `--filter=blob:none`");
      options.filter = "blob:none";
      return;
    case "--recursive":
      options.submodules = true;
      return;
    case "--recurse-submodules": {
      if (value === undefined || value === ".") options.submodules = true;
      else if (!isInside(value))
        return refuse(
          `"${shorten(value)}" is no path inside the repository`,
          "write the submodule's path, relative to the repository",
        );
      else if (options.submodules !== true) options.submodules = [...(options.submodules || []), value];
      return;
    }
    case "--tags":
      options.tags = true;
      return;
    case "--no-tags":
      options.tags = false;
      return;
    case "--sparse":
      // git's own `--sparse` checks out the files of the top folder only; `sparse:` beside it names more.
      options.sparse ??= ["."];
      return;
    case "--experimental-fetch":
    case "--shallow-submodules":
    case "--single-branch":
    case "--no-single-branch":
  }
}

/** True for a relative path that stays inside: no option, no `..`, no control character. */
export function isInside(path: string): boolean {
  if (path === "" || path.length > 1024 || path.startsWith("/") || path.startsWith("-")) return false;
  return !/[\p{Cc}\\]/u.test(path) && !path.split("/").includes("..");
}

function isFlag(name: string): name is FlagName {
  return Object.hasOwn(FLAGS, name);
}

function unknownHint(written: string, setting: string | undefined): string {
  if (setting !== undefined && /sslverify/i.test(setting)) {
    return "TLS is always verified: put the certificate authority's certificate into the connection's secret, as the key `ca.crt`";
  }
  if (written === "-c" || written === "--config")
    return "git settings cannot be passed; there are fields for history, tags, submodules, lfs, sparse";
  if (!written.startsWith("-")) return "flags begin with `--`; a branch, tag or commit goes into `git.revision`";
  return didYouMean(written, GIT_FLAGS) ?? `understood are: ${GIT_FLAGS.join(", ")}`;
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
