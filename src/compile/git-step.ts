import {
  ALL_SCHEMES,
  BowlineError,
  checkRevision,
  parseGitUrl,
  type GitUrl,
  type Place,
  type ProblemInput,
} from "../lib/index.ts";
import type { Connection } from "../connections/index.ts";
import {
  DEFAULT_GIT_OPTIONS,
  type GitFields,
  type GitFlag,
  type GitOptions,
  isInside,
  nodeAt,
  parseGitFlags,
  placeOf,
  type YamlMap,
} from "../spec/index.ts";
import type { CompilePolicy } from "./input.ts";
import type { Report } from "./report.ts";

/** What a git init step fetches, from its fields and its connection. */
export interface GitAsk {
  url: string;
  parsed: GitUrl;
  urlOverridden: boolean;
  revision?: string;
  options: GitOptions;
}

interface GitAskInput {
  node: YamlMap;
  fields: GitFields;
  connection?: Connection | undefined;
  policy?: CompilePolicy | undefined;
  report: Report;
}

/** The step's own fields win over its flags, and those over the connection's. Undefined when something is wrong, which is told. */
export function gitAsk({ node, fields, connection, policy, report }: GitAskInput): GitAsk | undefined {
  const before = report.errors.length;
  const schema = connection?.schema;
  const place = (...path: PropertyKey[]): Place =>
    placeOf(nodeAt(node, ["git", ...path])?.spot ?? node.entries.get("connection")?.value.spot ?? node.spot);
  const told = { ...(connection?.name && { connection: connection.name }) };
  const url = fields.url ?? schema?.url;
  if (url === undefined) {
    report.errors.push(withoutUrl(connection, place()));
    return undefined;
  }
  const parsed = attempt(() => parseGitUrl(url, policy?.schemes ? { schemes: policy.schemes } : {}), report, {
    place: place("url"),
    ...told,
  });
  const flags = fields.flags?.map((text, index): GitFlag => ({ text, place: place("flags", index) }));
  const own = parseGitFlags(flags ?? [], policy?.flags);
  const inherited = flags
    ? undefined
    : parseGitFlags(
        (schema?.flags ?? []).map((text) => ({ text, place: connection?.place ?? place() })),
        policy?.flags,
      );
  report.errors.push(
    ...own.problems.map((one) => ({ ...one, ...told })),
    ...(inherited?.problems ?? []).map((one) => ({ ...one, ...told })),
  );
  const revision = fields.revision ?? own.revision ?? schema?.revision ?? inherited?.revision;
  const problem = revision === undefined ? undefined : checkRevision(revision);
  if (problem)
    report.errors.push({ ...problem, place: place(fields.revision === undefined ? "flags" : "revision"), ...told });
  const options = { ...DEFAULT_GIT_OPTIONS, ...inherited?.options, ...own.options, ...typedOptions(fields) };
  for (const key of ["sparse", "submodules"] as const) {
    const paths = options[key];
    if (!Array.isArray(paths) || fields[key] === undefined) continue;
    paths.forEach((path, index) => {
      if (!isInside(path)) report.errors.push(pathProblem(path, place(key, index)));
    });
  }
  if (!parsed || report.errors.length > before) return undefined;
  const trimmed = revision?.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "");
  return {
    url,
    parsed,
    urlOverridden: fields.url !== undefined && schema?.url !== undefined && !sameUrl(parsed, schema.url),
    ...(trimmed !== undefined && { revision: trimmed }),
    options: structuredClone(options),
  };
}

function typedOptions({ history, tags, submodules, lfs, sparse, mount }: GitFields): Partial<GitOptions> {
  return {
    ...(history !== undefined && { history }),
    ...(tags !== undefined && { tags }),
    ...(submodules !== undefined && { submodules }),
    ...(lfs !== undefined && { lfs }),
    ...(sparse !== undefined && { sparse }),
    ...(mount !== undefined && { mount }),
  };
}

function withoutUrl(connection: Connection | undefined, place: Place): ProblemInput {
  if (!connection) {
    return {
      code: "FIELD_MISSING",
      message: "this git init step has neither a connection nor a url",
      hint: "write `connection: NAME`, or `git: {url: https://…}`",
      place,
    };
  }
  return {
    code: "FIELD_MISSING",
    message: `the connection "${connection.name}" has no url`,
    hint: "write `schema: {url: …}` in the connection, or `git: {url: …}` here",
    place,
    connection: connection.name,
  };
}

function pathProblem(path: string, place: Place): ProblemInput {
  const message = `"${path.slice(0, 60)}" is no path inside the repository`;
  return { code: "PATH_INVALID", message, hint: "write a relative path, without `..`", place };
}

function sameUrl(url: GitUrl, other: string): boolean {
  try {
    return parseGitUrl(other, { schemes: ALL_SCHEMES }).href === url.href;
  } catch {
    return false;
  }
}

/** Adds the place of the text to an error about it. */
function attempt<T>(read: () => T, report: Report, told: { place: Place; connection?: string }): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof BowlineError)) throw error;
    report.errors.push(...error.problems.map((problem) => ({ ...told, ...problem, place: told.place })));
    return undefined;
  }
}
