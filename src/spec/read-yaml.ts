import { Composer, type CST, type Document, Parser } from "yaml";
import type { Place, ProblemInput } from "../lib/index.ts";
import { convertDocument } from "./convert-yaml.ts";
import { syntaxProblems } from "./yaml-syntax.ts";
import { placeOf, plainData, spotAt, type YamlNode, type YamlOrigin } from "./yaml-node.ts";

/** Characters of the largest file that is read. */
const LARGEST = 4 * 1024 * 1024;
/** Maps and lists inside one another; the parser calls itself for each, and a stack has an end. */
const DEEPEST = 100;
/** Problems of one file that are told; what comes after is seldom more than a consequence. */
const MOST_PROBLEMS = 100;
/** Errors of the parser that are looked at. */
const MOST_ERRORS = 1000;

/** One YAML file, read. */
export interface YamlSource {
  file: string;
  text: string;
  /** Plain data: strings, numbers, booleans, null, lists, maps; undefined when the file is empty or cannot be read. */
  value: unknown;
  /** The same with places; absent when `value` is undefined. */
  root?: YamlNode;
  problems: ProblemInput[];
  /** Where a path of `value` is written. A path that is not there gives the nearest key above it. */
  place: (path: readonly PropertyKey[], part?: "key" | "value") => Place | undefined;
}

/**
 * Reads one YAML document: YAML 1.2 core, `<<` merged, every scalar also kept as written. All problems at once, each
 * with its place; never throws, and takes time in proportion to the text. JSON is YAML.
 */
export function readYaml(text: string, file: string): YamlSource {
  const origin: YamlOrigin = { file, lineStarts: lineStarts(text), text };
  const problems: ProblemInput[] = [];
  const root = text.length > LARGEST ? tooLarge(origin, problems) : readDocument({ text, origin, problems });
  if (problems.length > MOST_PROBLEMS) problems.length = MOST_PROBLEMS;
  return { ...sourceOf(root, file, text), problems };
}

/** A source made of nodes, for data that was merged or filled in after reading. */
export function sourceOf(root: YamlNode | undefined, file: string, text = ""): YamlSource {
  return {
    file,
    text,
    value: root && plainData(root),
    ...(root && { root }),
    problems: [],
    place: (path, part = "value") => {
      const spot = spotAt(root, path, part);
      return spot && placeOf(spot);
    },
  };
}

interface Reading {
  text: string;
  origin: YamlOrigin;
  problems: ProblemInput[];
}

function readDocument({ text, origin, problems }: Reading): YamlNode | undefined {
  const composer = new Composer({
    schema: "core",
    merge: false,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: "silent",
  });
  const documents: Document[] = [];
  for (const token of new Parser().parse(text)) {
    const deep = tooDeep(token);
    if (deep !== undefined) {
      problems.push({
        code: "YAML_INVALID",
        message: `more than ${DEEPEST} maps and lists are inside one another`,
        hint: "write it flatter",
        place: placeOf({ origin, offset: deep }),
      });
      return undefined;
    }
    documents.push(...composer.next(token));
  }
  documents.push(...composer.end(false, text.length));
  const [first, second] = documents;
  const errors = documents.flatMap((document) => [...document.errors, ...document.warnings]);
  problems.push(...syntaxProblems(errors.slice(0, MOST_ERRORS), text, origin));
  if (problems.length > 0 || !first) return undefined;
  if (second) {
    problems.push({
      code: "YAML_INVALID",
      message: `the file holds ${documents.length} YAML documents; one is read`,
      hint: "put what follows `---` into a file of its own (several files: -f one.yaml -f two.yaml)",
      place: placeOf({ origin, offset: second.range?.[0] ?? 0 }),
    });
    return undefined;
  }
  return convertDocument({ document: first, origin, problems });
}

/** The offset of the first node that is nested too deep; walks without recursion. */
function tooDeep(token: CST.Token): number | undefined {
  const waiting: [CST.Token, number][] = [[token, 0]];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const [one, depth] = next;
    if (depth > DEEPEST) return one.offset;
    if (one.type === "document" && one.value) waiting.push([one.value, depth]);
    if (!("items" in one)) continue;
    for (const item of one.items) {
      if (item.key) waiting.push([item.key, depth + 1]);
      if (item.value) waiting.push([item.value, depth + 1]);
    }
  }
  return undefined;
}

function tooLarge(origin: YamlOrigin, problems: ProblemInput[]): undefined {
  problems.push({
    code: "YAML_INVALID",
    message: `"${origin.file}" has more than ${LARGEST} characters`,
    hint: "a file of this kind is small: is it the right one?",
    place: { file: origin.file, line: 1, column: 1 },
  });
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}
