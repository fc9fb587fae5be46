import fc from "fast-check";
import { git, makeRepository } from "./make-repository.ts";

/** A path's bytes, as latin1; the mode that git has for it; its content, or where a link leads. */
export interface RandomFile {
  path: string;
  mode: "100644" | "100755" | "120000";
  content: string;
}

export interface RandomRepository {
  /** One commit after the other on `main`; each file is added to what is there, or takes the place of what is in its way. */
  commits: RandomFile[][];
  objectFormat: "sha1" | "sha256";
  /** How its pack is made: `loose` has none. */
  pack: "loose" | { depth: number; window: number; compression: number; offsets: boolean };
}

const utf8 = (text: string): string => Buffer.from(text).toString("latin1");

const PLAIN = ["a", "b", "src", "x.txt", "y.txt", "z.bin", "foo.bat", "A", "a.b", "a-b", "a0", "README"];
const ODD = [
  ...["a b", " lead", "trail ", "dot.", "...", "-x", "--help", "a\nb", "a\tb", 'q"uote', '"start', "cr\r", "x.txt\r"],
  ...["a\\b", utf8("größe"), utf8("größe".normalize("NFD")), utf8("日本"), "f\xff\xfe", "\x80", utf8("\ufffd")],
  ...[utf8("\u200b"), "\x01", "\x7f", "*", "?", "[a]", "!neg", "#hash", "~", "%41", "a:b", "CON", "HEAD", ".gitx"],
  ...[".gitignore", "n".repeat(200)],
];
const TARGETS = ["a", "../outside", "/etc/passwd", "nowhere", ".", "x/".repeat(600), "b\nc", "\xff\xfe", ".git/config"];
const PATTERNS = ["*", "*.txt", "*.bat", "a*", "src/**", "/README", "b", '"a b"', "[attr]mine"];
const ATTRIBUTES = [
  ...["text", "-text", "text=auto", "eol=lf", "eol=crlf", "-crlf", "crlf=input", "ident", "filter=lfs", "binary"],
  ...["mine", "export-ignore", "working-tree-encoding=UTF-16", "working-tree-encoding=latin1", "-diff", "!text"],
];

const name = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...PLAIN) }, fc.constantFrom(...ODD));
const folder = fc.array(fc.oneof({ weight: 4, arbitrary: fc.constantFrom("a", "src", "b") }, name), { maxLength: 4 });
const lines = fc
  .tuple(
    fc.array(fc.constantFrom("one", "two", "three", "$Id: x $", "größe"), { maxLength: 60 }),
    fc.constantFrom("\n", "\r\n"),
  )
  .map(([words, end]) => utf8(words.map((word) => word + end).join("")));
const content = fc.oneof(
  { weight: 4, arbitrary: lines },
  fc.constantFrom("", "a\r\nb\n", "no end", "$Id$\n$Id: old $\n", "\xff\xfea\0", "a\0b"),
  fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
  fc.tuple(lines, fc.nat(40)).map(([text, times]) => text.repeat(times)),
);
const attributes = fc
  .array(fc.tuple(fc.constantFrom(...PATTERNS), fc.subarray(ATTRIBUTES, { minLength: 1, maxLength: 2 })), {
    maxLength: 3,
  })
  .map((rules) => rules.map(([pattern, words]) => `${pattern} ${words.join(" ")}\n`).join(""));
const file: fc.Arbitrary<RandomFile> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ path: pathOf(name), mode: fc.constantFrom("100644", "100755"), content }) },
  fc.record({ path: pathOf(name), mode: fc.constant("120000" as const), content: fc.constantFrom(...TARGETS) }),
  fc.record({ path: pathOf(fc.constant(".gitattributes")), mode: fc.constant("100644" as const), content: attributes }),
);

function pathOf(last: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(folder, last).map(([folders, end]) => [...folders, end].join("/"));
}

/** Repositories that a git could have made, of what the systems of this world have in their names, links and attributes. */
export const randomRepository: fc.Arbitrary<RandomRepository> = fc.record({
  commits: fc.array(fc.array(file, { minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 3 }),
  objectFormat: fc.oneof({ weight: 3, arbitrary: fc.constant("sha1" as const) }, fc.constant("sha256" as const)),
  pack: fc.oneof(
    fc.constant("loose" as const),
    fc.record({
      depth: fc.constantFrom(0, 5, 250),
      window: fc.constantFrom(0, 10, 100),
      compression: fc.constantFrom(0, 1, 9),
      offsets: fc.boolean(),
    }),
  ),
});

/** Makes it as a bare repository at `path`. */
export async function makeRandomRepository(
  path: string,
  { commits, objectFormat, pack }: RandomRepository,
): Promise<void> {
  await makeRepository(path, { commits: [], objectFormat });
  const stream = commits.map((files, index) => commitCommand(files, index)).join("");
  await git(path, ["fast-import", "--quiet"], Buffer.from(stream, "latin1"));
  if (pack === "loose") return;
  const { depth, window, compression, offsets } = pack;
  const config = { "pack.compression": compression, "repack.useDeltaBaseOffset": offsets };
  const words = Object.entries(config).flatMap(([key, value]) => ["-c", `${key}=${value}`]);
  await git(path, [...words, "repack", "-adfq", `--depth=${depth}`, `--window=${window}`]);
}

function commitCommand(files: readonly RandomFile[], index: number): string {
  const who = `A <a@b.c> ${1_767_225_600 + index} +0000`;
  const changes = files.map(({ path, mode, content: text }) => `M ${mode} inline ${quoted(path)}\n${dataOf(text)}`);
  return `commit refs/heads/main\nauthor ${who}\ncommitter ${who}\n${dataOf("x")}${changes.join("")}`;
}

function dataOf(text: string): string {
  return `data ${text.length}\n${text}\n`;
}

function quoted(path: string): string {
  const byte = (letter: string): string => `\\${letter.charCodeAt(0).toString(8).padStart(3, "0")}`;
  return `"${path.replaceAll(/[^ !#-[\]-~]/g, byte)}"`;
}
