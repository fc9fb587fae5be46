import { isAbsolute, resolve } from "node:path";
import { parseArgs, type ParseArgsConfig } from "node:util";
import type { InitializerSettings } from "../../executors/index.ts";
import { didYouMean, type BowlineError } from "../../lib/index.ts";
import type { GitOptions } from "../../spec/index.ts";
import { git as record } from "../commands/initializer.ts";
import type { CliContext } from "../context.ts";
import { parseCount, usage } from "../parse-options.ts";
import { kebab } from "../option-names.ts";
import { readSettings } from "./settings.ts";

/** What one call of the initializer is asked for. */
export interface InitializerOptions {
  url: string;
  /** Absolute. */
  path: string;
  revision?: string;
  commit?: string;
  ref?: string;
  connection?: string;
  git: GitOptions;
  cache?: string;
  caFile?: string;
  sshKeyFile?: string;
  knownHostsFile?: string;
  owner?: { uid: number; gid: number };
  /** Milliseconds. */
  deadline?: number;
  /** Bytes. */
  maxBytes?: number;
  settings?: InitializerSettings;
  /** From BOWLINE_PLAIN_HTTP_HOSTS: hosts to which the credential may go over plain http. */
  plainHttpHosts?: string[];
  /** What is done; `resolve` finds the commit alone, `left` tells what somebody else has left in `path`. */
  only?: "resolve" | "left";
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the words after `initializer git`, by the same record that help and completion come from. What they leave out is taken from the
 * variables that a step's own container is told, so that an image with the initializer as its entrypoint is one like any other.
 */
export function parseInitializer(
  words: readonly string[],
  context: Pick<CliContext, "env" | "cwd">,
): InitializerOptions {
  const { env } = context;
  const given = parse(words);
  if (given["revision"] !== undefined && given["commit"] !== undefined)
    throw usage("--revision and --commit exclude each other", "leave one out");
  const values = { ...told(given, env), ...given };
  const text = (name: string): string | undefined => values[name] as string | undefined;
  const url = text("url");
  // empty: a variable that was not set; the working directory is not what was meant
  const path = text("path") || undefined;
  if (url === undefined || path === undefined) throw missing({ url, path });
  const { revision, commit, ref } = { revision: text("revision"), commit: text("commit"), ref: text("ref") };
  if (ref !== undefined && commit === undefined)
    throw usage("--ref tells the branch or tag of --commit", "add --commit SHA");
  if (commit !== undefined && !/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(commit)) {
    throw usage(`--commit takes all 40 or 64 digits of a commit, not "${commit}"`, "or ask for it with: --revision");
  }
  if (ref !== undefined && !/^refs\/./.test(ref)) {
    throw usage(`--ref takes a full reference, not "${ref}"`, "for example: --ref refs/heads/main");
  }
  const deadline = text("deadline");
  const maxBytes = text("max-bytes");
  const owner = text("owner");
  const cache = values["no-cache"] === true ? undefined : text("cache");
  const settings = readSettings(text("settings"));
  const plain = env["BOWLINE_PLAIN_HTTP_HOSTS"] ?? "";
  const only = values["resolve-only"] === true ? "resolve" : values["left-only"] === true ? "left" : undefined;
  return {
    url,
    path: isAbsolute(path) ? path : resolve(context.cwd, path),
    git: settings?.options ?? gitOptions(values),
    ...(settings === undefined ? {} : { settings }),
    ...(only === undefined ? {} : { only }),
    ...(plain === "" ? {} : { plainHttpHosts: plain.split(",") }),
    ...defined({ revision, commit, ref, cache, connection: text("connection") || undefined }),
    ...defined({ caFile: text("ca-file"), sshKeyFile: text("ssh-key-file"), knownHostsFile: text("known-hosts-file") }),
    ...(owner === undefined ? {} : { owner: parseOwner(owner) }),
    ...(deadline === undefined ? {} : { deadline: parseCount(deadline, "--deadline") * 1000 }),
    ...(maxBytes === undefined ? {} : { maxBytes: parseCount(maxBytes, "--max-bytes") }),
  };
}

/** Help without commander, which the initializer does not load. */
export function initializerHelp(): string {
  const options = Object.entries(record.options).map(([name, { short, value, help, many }]) => {
    const flags = `${short ? `-${short}, ` : "    "}--${kebab(name)}${value ? ` <${value}>` : ""}`;
    return `  ${flags.padEnd(32)}  ${help}${many ? " (repeatable)" : ""}\n`;
  });
  const examples = record.examples.map(({ line, does }) => `  # ${does}\n  ${line}\n`);
  return `Usage: bowline initializer git --url <URL> --path <DIR> [options]\n\n${wrap(record.description ?? "")}\n\nOptions:\n${options.join("")}\nExamples:\n${examples.join("\n")}`;
}

type Values = Record<string, string | boolean | (string | boolean)[] | undefined>;

/** What the environment says, as options: another url or revision on the command line has no part in the step's own. */
function told({ url, revision, commit }: Values, env: Environment): Values {
  const path = { path: env["BOWLINE_GIT_PATH"] || undefined };
  if (url !== undefined) return path;
  const place = { url: env["BOWLINE_GIT_URL"] || undefined, ...path };
  if (revision !== undefined || commit !== undefined) return place;
  const pin = { commit: env["BOWLINE_GIT_COMMIT"] || undefined, ref: env["BOWLINE_GIT_REF"] || undefined };
  return { ...place, revision: env["BOWLINE_GIT_REVISION"] || undefined, ...(pin.commit === undefined ? {} : pin) };
}

function parse(words: readonly string[]): Values {
  const names = Object.entries(record.options);
  const options: NonNullable<ParseArgsConfig["options"]> = Object.fromEntries(
    names.map(([name, { short, value, many }]) => [
      kebab(name),
      { type: value ? "string" : "boolean", ...(short ? { short } : {}), ...(many ? { multiple: true } : {}) },
    ]),
  );
  try {
    const { values } = parseArgs({ args: [...words], options, strict: true, allowPositionals: false });
    for (const [name, { choices }] of names) {
      const value = values[kebab(name)];
      if (typeof value !== "string" || choices === undefined || choices.includes(value)) continue;
      throw usage(`--${kebab(name)} takes ${choices.join(", ")}, not "${value}"`, "or leave it out");
    }
    return values;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    if (!code.startsWith("ERR_PARSE_ARGS")) throw error;
    const word = /'(-[^' =]*)/.exec((error as Error).message)?.[1] ?? "";
    const near = didYouMean(
      word,
      names.map(([name]) => `--${kebab(name)}`),
    );
    const help = "see: bowline initializer git --help";
    const known = code === "ERR_PARSE_ARGS_UNKNOWN_OPTION";
    const message = known ? `unknown option "${word}"` : (error as Error).message.split(". ")[0]!.replaceAll("'", '"');
    throw usage(message, known && near ? `${near} ${help}` : help);
  }
}

function gitOptions(values: Values): GitOptions {
  return {
    history: parseHistory((values["history"] as string | undefined) ?? "1"),
    tags: values["tags"] === true,
    submodules: values["submodules"] === true,
    lfs: values["lfs"] === true,
    sparse: (values["sparse"] as string[] | undefined) ?? [],
    ...(values["filter"] === undefined ? {} : { filter: "blob:none" }),
    ...(values["mount"] === true && { mount: true }),
  };
}

function parseHistory(text: string): GitOptions["history"] {
  if (text === "commits" || text === "full") return text;
  const count = /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
  if (count === undefined)
    throw usage(`--history takes a number from 1 on, commits or full, not "${text}"`, "for example: --history 1");
  return count;
}

function parseOwner(text: string): { uid: number; gid: number } {
  const match = /^(\d{1,10}):(\d{1,10})$/.exec(text);
  const [uid, gid] = [Number(match?.[1]), Number(match?.[2])];
  // chown(2) takes 32 bits, and the last of them for "as it is".
  if (!(uid < 0xffff_ffff && gid < 0xffff_ffff))
    throw usage(`--owner takes UID:GID in numbers, not "${text}"`, "for example: --owner 1000:1000");
  return { uid, gid };
}

function missing(given: { url: string | undefined; path: string | undefined }): BowlineError {
  const words = [
    ...(given.url === undefined ? ["--url (the repository's url)"] : []),
    ...(given.path === undefined ? ["--path (the folder to make)"] : []),
  ];
  return usage(`${words.join(" and ")} must be given`, "see: bowline initializer git --help");
}

function defined<T extends Record<string, string | undefined>>(values: T): { [K in keyof T]?: string } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: string;
  };
}

function wrap(text: string): string {
  return text.replace(/(.{1,80})(?: |$)/g, "$1\n").trimEnd();
}
