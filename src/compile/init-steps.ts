import { posix } from "node:path";
import type { Connection } from "../connections/index.ts";
import { inScope, scopeOfConnection } from "../connections/index.ts";
import { didYouMean, shownUrl, type Place, type ProblemInput } from "../lib/index.ts";
import {
  type ContainerFields,
  type InitEntry,
  isEmpty,
  nodeAt,
  placeOf,
  type YamlMap,
  type YamlNode,
} from "../spec/index.ts";
import { containerPlan, doesWork } from "./containers.ts";
import { fileStep } from "./file-step.ts";
import { gitAsk, type GitAsk } from "./git-step.ts";
import type { CompileContext, CompilePolicy } from "./input.ts";
import { placedFolder, repositoryName } from "./landing.ts";
import { isLabel, type Namer } from "./names.ts";
import { isInFile } from "./node-edit.ts";
import type { GitStep, InitStep } from "./plan.ts";
import type { Report } from "./report.ts";

/** One entry of `run.init`, filled in except for its container. */
export interface InitDraft {
  node: YamlMap;
  fields: InitEntry;
  connection?: Connection;
  /** What the entry is; its container is read when the places of all repositories are known. */
  work: { kind: "git"; ask: GitAsk; path: string } | { kind: "file" } | { kind: "container" };
}

export interface InitSettings {
  catalog: ReadonlyMap<string, Connection>;
  policy?: CompilePolicy | undefined;
  context: CompileContext;
  report: Report;
}

const STAND_IN: Connection = { name: "", kind: "git", schema: { url: "https://stand-in.invalid/repository" } };

/** What an init entry is, and where it lands. Undefined when something is wrong, which is told. */
export function draftInit(node: YamlMap, fields: InitEntry, settings: InitSettings): InitDraft | undefined {
  const { catalog, report, context } = settings;
  const at = (key: string): Place => placeOf(nodeAt(node, [key])?.spot ?? node.spot);
  const told = (problem: ProblemInput): undefined => void report.errors.push(problem);
  const connection = fields.connection === undefined ? undefined : catalog.get(fields.connection);
  if (fields.connection !== undefined && !connection) {
    // What the entry says of its own is wrong or right whichever connection is meant.
    if (fields.git) gitAsk({ node, fields: fields.git, connection: STAND_IN, policy: settings.policy, report });
    return told(connectionNotFound(fields.connection, catalog, at("connection")));
  }
  if (fields.file) {
    const extra = (["git", "connection", "container"] as const).find((key) => fields[key] !== undefined);
    if (extra)
      return told({
        code: "FIELD_INVALID",
        message: `an init entry with \`file\` has no \`${extra}\``,
        hint: "make two entries of it",
        place: at(extra),
      });
    return { node, fields, work: { kind: "file" } };
  }
  const isGit =
    connection === undefined ? fields.git !== undefined : connection.kind === "git" || connection.kind === "ssh";
  if (isGit) {
    const ask = gitAsk({ node, fields: fields.git ?? {}, connection, policy: settings.policy, report });
    if (!ask) return undefined;
    const name = connection?.name ?? repositoryName(ask.parsed.path);
    if (name === undefined) {
      return told({
        code: "PATH_INVALID",
        message: `no folder can be named after the url "${ask.url}"`,
        hint: "make a connection of it, whose name is the folder's",
        place: placeOf(nodeAt(node, ["git", "url"])!.spot),
      });
    }
    const folder = placedFolder(fields.path, context);
    if (folder === undefined) return told(badPath(fields.path!, at("path")));
    if (ask.urlOverridden)
      warnOutsideScope(connection!, ask, { place: placeOf(nodeAt(node, ["git", "url"])!.spot), report });
    return {
      node,
      fields,
      ...(connection && { connection }),
      work: { kind: "git", ask, path: posix.join(folder, name) },
    };
  }
  if (fields.git) {
    return told({
      code: "FIELD_INVALID",
      message: `the connection "${connection!.name}" is of kind "${connection!.kind}", which git cannot fetch from`,
      hint: "name a connection of kind git or ssh",
      place: at("git"),
      connection: connection!.name,
    });
  }
  if (doesWork(fields.container))
    return { node, fields, ...(connection && { connection }), work: { kind: "container" } };
  if (connection) {
    return told({
      code: "NOT_SUPPORTED",
      message: `the connection "${connection.name}" is of kind "${connection.kind}": Bowline has no initializer for it`,
      hint: `${forGit(connection)}add \`container: {image, command}\` that does the work; it is given the connection's secret`,
      place: at("connection"),
      connection: connection.name,
    });
  }
  if (node.entries.has("container") && !isEmpty(nodeAt(node, ["container"]))) {
    return told({
      code: "FIELD_MISSING",
      message: "this init container has neither an image nor a command",
      hint: "write `container: {image: …, command: […]}`",
      place: at("container"),
    });
  }
  return told({
    code: "FIELD_MISSING",
    message: "this init entry does nothing",
    hint: "write `connection: NAME`, `git: {url: …}`, `file: {…}` or `container: {…}`",
    place: placeOf(node.spot),
  });
}

/** The step of a draft, with its container as it was filled in last. */
export function initStep(
  draft: InitDraft,
  container: ContainerFields | undefined,
  namer: Namer,
  settings: InitSettings,
): InitStep | undefined {
  const { node, fields, connection, work } = draft;
  const { report, context } = settings;
  const place = stepPlace(node);
  if (work.kind === "file") return fileStep({ file: fields.file!, path: fields.path, node, namer, context, report });
  const containerNode = nodeAt(node, ["container"]);
  const own = container?.name;
  const name = stepName(own, work.kind === "git" ? posix.basename(work.path) : "container", {
    namer,
    report,
    node: containerNode,
  });
  const containerPlace = containerNode && { place: placeOf(containerNode.spot) };
  const plan =
    container &&
    containerPlan(container, {
      name,
      base: context.artifactsPath,
      connections: connection ? [connection.name] : [],
      ...containerPlace,
    });
  if (work.kind === "container")
    return {
      kind: "container",
      name,
      ...(connection && { connection: connection.name }),
      container: plan!,
      ...(place && { place }),
    };
  const handler = doesWork(container);
  if (plan?.args && !handler) {
    report.errors.push({
      code: "FIELD_INVALID",
      message: "this container has arguments and no command or image to give them to",
      hint: "write `image` or `command` too, or leave `args` out",
      place: placeOf(nodeAt(containerNode, ["args"])!.spot),
    });
  }
  return gitStep({ name, connection, ask: work.ask, path: work.path, plan, handler, place });
}

/** What an error about the step should show: the revision, else the url, else the connection; nothing for a param of the command line. */
function stepPlace(node: YamlMap): Place | undefined {
  const paths = [["git", "revision"], ["git", "url"], ["connection"], []];
  const spots = paths.flatMap((path) => nodeAt(node, path)?.spot ?? []);
  return spots.filter(isInFile).map(placeOf)[0];
}

interface GitStepParts {
  name: string;
  connection: Connection | undefined;
  ask: GitAsk;
  path: string;
  plan: GitStep["handler"];
  handler: boolean;
  place: Place | undefined;
}

function gitStep({ name, connection, ask, path, plan, handler, place }: GitStepParts): GitStep {
  return {
    kind: "git",
    name,
    ...(connection && { connection: connection.name }),
    url: ask.url,
    urlOverridden: ask.urlOverridden,
    ...(ask.revision !== undefined && { revision: ask.revision }),
    options: ask.options,
    path,
    ...(plan && (handler ? { handler: plan } : { settings: plan })),
    ...(place && { place }),
  };
}

/** The name the user gave, when it can be a container's; else one made from what the step does. */
export function stepName(
  own: string | undefined,
  fallback: string,
  where: { namer: Namer; report: Report; node: YamlNode | undefined },
): string {
  const { namer, report, node } = where;
  if (own === undefined) return namer.derive(fallback);
  const nameNode = nodeAt(node, ["name"]);
  const place = nameNode && { place: placeOf(nameNode.spot) };
  if (!isLabel(own)) {
    report.errors.push({
      code: "FIELD_INVALID",
      message: `"${own.slice(0, 80)}" cannot be the name of a container`,
      hint: "use at most 63 lower-case letters, digits and hyphens, with a letter or digit at both ends",
      ...place,
    });
    return own;
  }
  if (!namer.take(own)) {
    const hint =
      own === "main" ? "`main` is the main container's: take another name" : "give each container a name of its own";
    report.errors.push({
      code: "FIELD_INVALID",
      message: `two containers of this run are named "${own}"`,
      hint,
      ...place,
    });
  }
  return own;
}

/** Whoever names a forge as the kind means git. */
function forGit({ schema }: Connection): string {
  const url = schema?.["url"];
  return typeof url === "string" && /^https?:|^ssh:|@/.test(url) ? "for a git repository write `kind: git`; else " : "";
}

/** An unknown connection, with the names it may be a slip of. */
export function connectionNotFound(name: string, catalog: ReadonlyMap<string, Connection>, place: Place): ProblemInput {
  const known = [...catalog.keys()];
  const list =
    known.length > 0
      ? `known: ${known.slice(0, 12).join(", ")}${known.length > 12 ? ", …" : ""}`
      : "the catalog is empty: add it below `connections:` of the config (bowline.yaml), or name one with --config";
  const shown = shownUrl(name).slice(0, 80);
  return {
    code: "CONNECTION_NOT_FOUND",
    message: `there is no connection "${shown}"`,
    hint: name.includes("://") ? "a url alone is written as `git: {url: …}`" : (didYouMean(name, known) ?? list),
    place,
    connection: shown,
  };
}

function badPath(path: string, place: Place): ProblemInput {
  return {
    code: "PATH_INVALID",
    message: `"${path.slice(0, 80)}" cannot be the folder of an init step`,
    hint: "write an absolute path, without `..`",
    place,
  };
}

function warnOutsideScope(
  connection: Connection,
  ask: GitAsk,
  { place, report }: { place: Place; report: Report },
): void {
  if (!connection.secret) return;
  try {
    const scope = scopeOfConnection(connection);
    if (scope === undefined || inScope(scope, ask.parsed)) return;
  } catch {
    return;
  }
  report.warnings.push({
    code: "URL_OUTSIDE_SCOPE",
    message: `the secret of the connection "${connection.name}" is not sent to "${ask.url}"`,
    hint: "it is fetched without a credential, or with the one of `credentials:` that matches it",
    place,
    connection: connection.name,
  });
}
